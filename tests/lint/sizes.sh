#!/bin/sh
# How long things may be: files 800 lines, headers 120, functions 60, lines 100 columns.
. "${LT_SRCDIR:-$(dirname "$0")/../..}/tests/lint/lib.sh"

# Runs AWK over our files whose names match FILES.
over()	# ROOT FILES AWK
(
	cd "$1" && lint_files . | grep -E "$2" | tr '\n' '\0' | xargs -0r awk "$3"
)

long_lines()	# ROOT; a tab goes to the next column of 8, a UTF-8 character counts once
{
	over "$1" '\.(c|h|S|sh|py)$' '{
		line = $0
		gsub(/[\200-\277]/, "", line)
		while ((at = index(line, "\t")))
			line = substr(line, 1, at - 1) \
				substr("        ", 1, 8 - (at - 1) % 8) substr(line, at + 1)
		if (length(line) > 100)
			print FILENAME ":" FNR ": " length(line) " columns"
	}'
}

long_files()	# ROOT
{
	over "$1" '\.(c|h|S|sh|py)$' '{
		limit = FILENAME ~ /\.h$/ ? 120 : 800
		if (FNR == limit + 1)
			print FILENAME ": more than " limit " lines"
	}'
}

# A function: "{" alone in column 0 after a line that ends in ")", to "}" in column 0.
long_functions()	# ROOT
{
	over "$1" '\.[ch]$' '
		FNR == 1 { start = 0 }
		$0 == "{" && before ~ /\)$/ { start = FNR; name = before }
		/^}/ && start {
			if (FNR - start + 1 > 60)
				print FILENAME ":" start ": " FNR - start + 1 " lines: " name
			start = 0
		}
		{ before = $0 }'
}

trailing()	# ROOT
(
	cd "$1" && lint_files . | tr '\n' '\0' |
		xargs -0r grep -nIE '[ 	]+$' /dev/null | sed 's/$/|/'
)

lint_none 'no line is longer than 100 columns' "$(long_lines "$LT_SRCDIR")"
lint_none 'no file is longer than 800 lines, no header than 120' "$(long_files "$LT_SRCDIR")"
lint_none 'no function is longer than 60 lines' "$(long_functions "$LT_SRCDIR")"
lint_none 'no line ends in a blank' "$(trailing "$LT_SRCDIR")"

bad=$lint_tmp/bad
mkdir -p "$bad/src"
awk 'BEGIN {
	for (i = 0; i < 12; i++) printf "\t"
	print "12345"
	print "static int f(void)"; print "{"
	for (i = 0; i < 59; i++) print "\tg();"
	print "}"; print "int blank; "
	for (i = 0; i < 800; i++) print ""
}' >"$bad/src/planted.c"
sed -n 1,121p "$bad/src/planted.c" >"$bad/src/planted.h"
lint_caught 'a line of 101 columns is caught' "$(long_lines "$bad")" 'src/planted.c:1: 101'
lint_caught 'a file of 866 lines is caught' "$(long_files "$bad")" 'src/planted.c: more'
lint_caught 'a header of 121 lines is caught' "$(long_files "$bad")" 'src/planted.h: more'
lint_caught 'a function of 61 lines is caught' "$(long_functions "$bad")" ':3: 61 lines'
lint_caught 'a blank at the end of a line is caught' "$(trailing "$bad")" 'int blank;'
lint_done
