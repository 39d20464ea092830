/* Variables found in machine code: in this program's own, as its compiler has made it. */
#include "config.h"
#include "test.h"

#include "target/code.h"

static volatile int tripped, others;

/* As PyErr_CheckSignals begins; a sanitizer would look at memory of its own before. */
__attribute__((noinline, no_sanitize("address", "undefined"))) static int check_tripped(int n)
{
	if (!tripped)
		return 0;
	tripped = 0;
	return n / others;
}

static void the_variable_that_a_function_looks_at_first_is_found_in_its_code(void **state)
{
	const unsigned char *code = (const unsigned char *)(uintptr_t)check_tripped;
	uint64_t at = (uintptr_t)code;

	assert_int_equal(check_tripped(1), 0);
	assert_int_equal(code_first_load(code, 48, at), (uintptr_t)&tripped);
	assert_int_equal(code_first_load(code, 48, at + (1 << 20)),
			 (uintptr_t)&tripped + (1 << 20));
	assert_int_equal(code_first_load(code, 4, at), 0);
	assert_int_equal(code_first_load((const unsigned char *)"Python is no code at all", 24,
					    at), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_variable_that_a_function_looks_at_first_is_found_in_its_code),
	};

	return cmocka_run_group_tests_name("code", tests, NULL, NULL);
}
