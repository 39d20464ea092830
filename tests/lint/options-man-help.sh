#!/bin/sh
# The tables in the code, leaktop --help and the man page say the same: options, sort fields,
# settings, formats, error codes with their exit status, keys, JSON fields.
. "${LT_SRCDIR:-$(dirname "$0")/../..}/tests/lint/lib.sh"

tables=$LT_BUILDDIR/lint_tables
[ -x "$tables" ] || lint_skip_all "$tables was not built: make check builds it"

table()	# WORD: its rows, without the word
{
	"$tables" | sed -n "s/^$1	//p"
}

# Lines of a section of the man page, roff escapes undone.
section()	# PAGE NAME
{
	sed -n "/^\.Sh $2\$/,/^\.Sh /p" "$1" |
		sed -e 's/\\&//g; s/\\-/-/g; s/\\(ha/^/g; s/\\e/\\/g; s/^\.Sh .*//'
}

# ".It Fl p , Fl -pid Ar PID" -> "-p<TAB>--pid<TAB>PID"
man_options()	# PAGE
{
	section "$1" OPTIONS | sed -n 's/^\.It Fl //p' | sed -E \
		-e 's/^-/	--/; s/^([^	]) , Fl -/-\1	--/' \
		-e 's/$/	/; s/ Ar ([^	]*)	$/	\1/'
}

# "  -p, --pid PID   the process" -> the same
help_options()	# COMMAND...
{
	"$@" | sed -nE 's/^  (-.,|   ) (--[a-z-]+)( [^ ]+)?  .*/\1	\2	\3/p' |
		sed 's/^   //; s/,//; s/	 /	/'
}

# ".It 4" opens a status, each line ".Li permission-uid" names a code of it.
man_errors()	# PAGE
{
	section "$1" 'EXIT STATUS' |
		awk '$1 == ".It" { status = $2 } $1 == ".Li" { print status "\t" $2 }' | sort
}

man_keys()	# PAGE
{
	section "$1" KEYS | sed -n 's/^\.It Ic //p' | sort
}

# Words of TABLE that the section does not have as ".It Cm WORD".
unnamed()	# PAGE SECTION TABLE
{
	table "$3" | while read -r word; do
		section "$1" "$2" | grep -q "^\.It Cm $word\( \|\$\)" || echo "$word"
	done
}

# Keys of objects that a run can write, which the section does not name.
unnamed_json()	# PAGE
{
	"$tables" json | grep -o '"[a-z_]*":' | tr -d '":' | sort -u | while read -r word; do
		section "$1" OUTPUT | grep -qw -- "$word" || echo "$word"
	done
}

differ()	# TEXT TEXT
{
	printf '%s\n' "$1" >"$lint_tmp/a"
	printf '%s\n' "$2" >"$lint_tmp/b"
	diff "$lint_tmp/a" "$lint_tmp/b" | grep '^[<>]'
}

render()	# PAGE: warnings of the formatters that are installed
{
	groff -ww -mandoc -Tutf8 -z "$1" 2>&1
	! command -v mandoc >/dev/null || mandoc -T lint -W warning "$1"
}

page=$LT_SRCDIR/doc/leaktop.1
lint_none 'the tables and a line of each kind can be printed' "$(
	for what in tables json help; do
		"$tables" $what >/dev/null 2>&1 || echo "lint_tables $what fails"
	done)"
lint_none 'the man page has the options of the table, in its order' \
	"$(differ "$(table option)" "$(man_options "$page")")"
lint_none 'leaktop --help has the options of the table, in its order' \
	"$(differ "$(table option)" "$(help_options "$LT_BUILDDIR/leaktop" --help)")"
lint_none 'the man page has every sort field' "$(unnamed "$page" OPTIONS field)"
lint_none 'the man page has every format' "$(unnamed "$page" OPTIONS format)"
lint_none 'the man page has every setting' "$(unnamed "$page" FILES setting)"
lint_none 'the man page has every error code under its exit status' \
	"$(differ "$(table error | sort)" "$(man_errors "$page")")"
lint_none 'the man page names every field of the JSON' "$(unnamed_json "$page")"
if [ -n "$(table key)" ]; then
	lint_none 'the man page has the keys of the table' \
		"$(differ "$(table key | sort)" "$(man_keys "$page")")"
else
	lint_skip 'the man page has the keys of the table' 'src/ui/keys.h is not there yet'
fi
if command -v groff >/dev/null; then
	lint_none 'the man page renders without a warning' "$(render "$page")"
else
	lint_skip 'the man page renders without a warning' 'groff is not installed'
fi

# The same against a page with one fault of each kind.
bad=$lint_tmp/bad.1
sed -e '/^\.It Fl n , /d' -e '/^\.It Cm dsize/d' -e 's/^\.It Cm jsonl/.It Cm json/' \
	-e '/^\.Li no-process/d' -e '/^\.It Cm max-cpu/d' -e 's/uncollectable//g' "$page" >"$bad"
lint_caught 'an option without a paragraph is caught' \
	"$(differ "$(table option)" "$(man_options "$bad")")" iterations
lint_caught 'a sort field without one is caught' "$(unnamed "$bad" OPTIONS field)" dsize
lint_caught 'a format without one is caught' "$(unnamed "$bad" OPTIONS format)" jsonl
lint_caught 'a setting without one is caught' "$(unnamed "$bad" FILES setting)" max-cpu
lint_caught 'an error code without one is caught' \
	"$(differ "$(table error | sort)" "$(man_errors "$bad")")" no-process
lint_caught 'a JSON field without a word is caught' "$(unnamed_json "$bad")" uncollectable
lint_caught 'an option without its argument in --help is caught' "$(
	"$tables" help | sed 's/--pid PID/--pid    /' >"$lint_tmp/help"
	differ "$(table option)" "$(help_options cat "$lint_tmp/help")")" '--pid'
lint_done
