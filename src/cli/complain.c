#include "config.h"
#include "cli/complain.h"

#include <stdio.h>

int complain(const struct lt_err *err)
{
	const struct lt_err_info *info = lt_err_info(err->code);
	char text[512];

	fprintf(stderr, "leaktop: %s\n", lt_err_text(err, text, sizeof(text)));
	fprintf(stderr, "leaktop: %s\n", info->remedy);
	return info->exit_status;
}

void complain_readonly(const struct lt_err *err)
{
	char text[512];

	fprintf(stderr, "leaktop: read-only: %s\n", lt_err_text(err, text, sizeof(text)));
	fprintf(stderr, "leaktop: %s\n", lt_err_info(err->code)->remedy);
}
