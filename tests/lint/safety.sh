#!/bin/sh
# doc/safety.md names tests: each must exist.
. "${LT_SRCDIR:-$(dirname "$0")/../..}/tests/lint/lib.sh"

# Words in `backquotes` that look like the name of a test: of a program, a file, or a sentence.
named()	# PAGE
{
	grep -o '`[a-z_]*_[A-Za-z_0-9]*`\|`tests/[a-z/-]*\.sh`' "$1" | tr -d '`' | sort -u
}

missing()	# PAGE
{
	named "$1" | while read -r name; do
		case $name in
		tests/*) [ -f "$LT_SRCDIR/$name" ] || echo "$name" ;;
		*) grep -rqw --include='*.[ch]' --include='*.mk' -- "$name" "$LT_SRCDIR/tests" ||
			echo "$name" ;;
		esac
	done
}

page=$LT_SRCDIR/doc/safety.md
lint_none 'doc/safety.md names only tests that exist' "$(missing "$page")"
lint_none 'it names some' "$([ "$(named "$page" | wc -l)" -ge 40 ] || echo 'fewer than 40')"

# Joined here, so that this very file does not have the word.
gone=a_test_that_was_
gone=${gone}renamed
printf 'held by `%s` and `tests/lint/none.sh`\n' "$gone" >"$lint_tmp/bad.md"
lint_caught 'a test that was renamed is caught' "$(missing "$lint_tmp/bad.md")" "$gone"
lint_caught 'a script that is not there is caught' "$(missing "$lint_tmp/bad.md")" none.sh
lint_done
