#!/bin/sh
# Every header compiles alone, and twice. config.h comes first, as it does in every .c file.
. "${LT_SRCDIR:-$(dirname "$0")/../..}/tests/lint/lib.sh"

compile()	# FILE
{
	printf '#include "%s"\n#include "%s"\n' "$1" "$1" |
		$CC -fsyntax-only -std=gnu17 -Wall -Wextra -Werror -Wno-unused-parameter \
			-I "$LT_SRCDIR/src" -I "$LT_BUILDDIR/src" -I "$LT_BUILDDIR" \
			-include config.h -x c - 2>&1
}

[ -f "$LT_BUILDDIR/config.h" ] || lint_skip_all 'there is no config.h: run configure first'
for header in $(cd "$LT_SRCDIR" && find src -name '*.h' | sort); do
	lint_none "$header compiles alone" "$(compile "$LT_SRCDIR/$header")"
done

echo 'size_t lengths(struct nowhere_declared *n, FILE *out);' >"$lint_tmp/needy.h"
lint_caught 'a header that needs another one before it is caught' \
	"$(compile "$lint_tmp/needy.h")" error
echo '#include <stddef.h>
struct twice { size_t n; };' >"$lint_tmp/twice.h"
lint_caught 'a header without a guard is caught' "$(compile "$lint_tmp/twice.h")" redefinition
lint_done
