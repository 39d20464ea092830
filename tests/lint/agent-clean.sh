#!/bin/sh
# The helper runs inside the target at any address, without libc: no undefined symbol, no
# relocation, no data of its own, and no absolute address in what is loaded.
. "${LT_SRCDIR:-$(dirname "$0")/../..}/tests/lint/lib.sh"

undefined()	# FILE
{
	$NM -u "$1" 2>&1
}

relocations()	# FILE
{
	$READELF -rW "$1" 2>&1 | grep -v -e 'There are no' -e '^$'
}

# Sections that would be loaded and are not code: name, size in hex.
data()	# FILE
{
	$READELF -SW "$1" | sed 's/^ *\[ *[0-9]*\] *//' | awk '
		$2 ~ /^(PROGBITS|NOBITS|INIT_ARRAY|FINI_ARRAY)$/ && $7 ~ /A/ && $7 !~ /X/ &&
			$5 !~ /^0+$/ { print $1, $5 }'
}

helper=$LT_BUILDDIR/src/agent/helper.elf
[ -f "$helper" ] || lint_skip_all "$helper was not built"
lint_none 'the helper has no undefined symbol' "$(undefined "$helper")"
lint_none 'the helper has no relocation' "$(relocations "$helper")"
lint_none 'the helper has no data' "$(data "$helper")"

cat >"$lint_tmp/dirty.c" <<'END'
extern long elsewhere(void);
int counter = 3;
static int zeroed[100];
int *pointer = &zeroed[7];
long dirty(void);
long dirty(void)
{
	return elsewhere() + counter++ + zeroed[counter];
}
END
if $CC -O0 -c -o "$lint_tmp/dirty.o" "$lint_tmp/dirty.c" 2>"$lint_tmp/why"; then
	lint_caught 'an undefined symbol is caught' "$(undefined "$lint_tmp/dirty.o")" elsewhere
	lint_caught 'a relocation is caught' "$(relocations "$lint_tmp/dirty.o")" elsewhere
	lint_caught 'initialized data is caught' "$(data "$lint_tmp/dirty.o")" '.data'
	lint_caught 'zeroed data is caught' "$(data "$lint_tmp/dirty.o")" '.bss'
else
	lint_none 'the planted fault compiles' "$(cat "$lint_tmp/why")"
fi
lint_done
