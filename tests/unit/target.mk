# unit tests of src/target
if HAVE_CMOCKA
endif
