#!/bin/sh
# Yama's ptrace_scope 0 to 3, tried for real: 3 stays until the next boot, so the tests of
# harm_yama.c run in a virtual machine. What they print is what this prints.
set -u

skip() {
	echo "# skipped: $*"
	echo "1..0 # SKIP $*"
	exit 0
}

dir=${LT_BUILDDIR:-.}
reason=$(mktemp) || exit 99
trap 'rm -f "$reason"' EXIT

[ -x /usr/bin/python3 ] || skip "there is no /usr/bin/python3"
"$LT_SRCDIR/tools/vm" env LT_SRCDIR="$LT_SRCDIR" LT_BUILDDIR="$dir" CMOCKA_MESSAGE_OUTPUT=TAP \
	"$dir/harm_yama" 2>"$reason"
status=$?
[ $status != 77 ] || skip "$(tail -n 1 "$reason")"
sed 's/^/# /' "$reason"
exit $status
