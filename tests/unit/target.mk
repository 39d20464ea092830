# unit tests of src/target
