# sources of src/target
