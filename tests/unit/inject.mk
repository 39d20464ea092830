# unit tests of src/inject
