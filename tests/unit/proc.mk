# unit tests of src/proc
