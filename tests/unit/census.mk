# unit tests of src/census
