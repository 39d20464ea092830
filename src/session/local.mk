# sources of src/session
