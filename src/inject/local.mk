# sources of src/inject
