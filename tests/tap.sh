#!/bin/sh
# Runs a cmocka program and mends its TAP: cmocka before 1.1.6 writes a skipped test as
# "not ok 7 # SKIP name", which TAP readers count as a failure.
out=$(mktemp) || exit 99
trap 'rm -f "$out"' EXIT
"$@" >"$out"
status=$?
sed 's/^not ok \([0-9]* # SKIP\)/ok \1/' "$out"
exit $status
