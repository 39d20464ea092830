# unit tests of src/output
