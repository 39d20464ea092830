/* Is the terminal as it was before the program? */
#ifndef LT_TESTS_TTY_RESTORED_H
#define LT_TESTS_TTY_RESTORED_H

#include "../unit/test.h"

#include <termios.h>

#include "tty.h"

static inline void assert_restored(const struct tty *t)
{
	struct termios now, before;

	tty_modes(t, &now, &before);
	assert_false(tty_alternate(t));
	assert_true(tty_cursor_visible(t));
	assert_int_equal(tty_leaves(t), 1);
	assert_int_equal(now.c_lflag, before.c_lflag);
	assert_int_equal(now.c_iflag, before.c_iflag);
	assert_int_equal(now.c_oflag, before.c_oflag);
	assert_int_equal(now.c_cflag, before.c_cflag);
	assert_memory_equal(now.c_cc, before.c_cc, sizeof(now.c_cc));
}

#endif
