# sources of src/census
