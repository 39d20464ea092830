#!/bin/sh
# Nothing knows the machine it was written on, and no comment leaves work to do.
. "${LT_SRCDIR:-$(dirname "$0")/../..}/tests/lint/lib.sh"

search()	# ROOT PATTERN
(
	cd "$1" && lint_files . | tr '\n' '\0' | xargs -0r grep -nIE "$2" /dev/null
)

# A path that begins there; /proc/PID/root/ and $dir/root/ do not.
machine_paths()	# ROOT
{
	search "$1" '(^|[^]A-Za-z0-9_.~})-])/(work|root|home)/'
}

# The words are put together here so that this file has none of them.
unfinished()	# ROOT
{
	search "$1" "(^|[^A-Za-z])(TO""DO|FIX""ME|X""XX)([^A-Za-z]|$)"
}

lint_none 'no file mentions a path of one machine' \
	"$(machine_paths "$LT_SRCDIR" | grep -v '^tests/lint/words\.sh:')"
lint_none 'no comment leaves work to do' "$(unfinished "$LT_SRCDIR")"

mkdir -p "$lint_tmp/bad/src"
printf '%s\n' 'fopen("/work/x")' '/proc/1/root/etc' '/* TO''DO: later */' >"$lint_tmp/bad/src/p.c"
lint_caught 'a machine path is caught' "$(machine_paths "$lint_tmp/bad")" 'src/p.c:1:'
lint_none 'the root of another process is no machine path' \
	"$(machine_paths "$lint_tmp/bad" | grep 'src/p.c:2:')"
lint_caught 'work left to do is caught' "$(unfinished "$lint_tmp/bad")" 'src/p.c:3:'
lint_done
