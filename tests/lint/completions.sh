#!/bin/sh
# contrib/completion/ is what tools/completions makes of the option table, and the shells that are
# installed complete with it.
. "${LT_SRCDIR:-$(dirname "$0")/../..}/tests/lint/lib.sh"

tables=$LT_BUILDDIR/lint_tables
[ -x "$tables" ] || lint_skip_all "$tables was not built: make check builds it"
made=$LT_SRCDIR/contrib/completion

differ()	# SHELL FILE: how it differs from what would be made now
{
	"$LT_SRCDIR/tools/completions" "$1" "$tables" 2>&1 | diff - "$2" | grep '^[<>]'
}

# The words that bash offers after "leaktop WORD...", the last one unfinished. leaktop is a function
# here, so that the test chooses the processes.
bash_offers()	# FILE WORD...
{
	# shellcheck disable=SC2016
	bash -c '
		leaktop() { printf "    PID USER\n   4242 root\n    777 app\n"; }
		. "$1" || exit
		shift
		COMP_WORDS=(leaktop "$@")
		COMP_CWORD=$#
		_leaktop
		echo "${COMPREPLY[*]}"' bash "$@" 2>&1
}

offered()	# WANTED FILE WORD...: says so where bash offers something else
{
	wanted=$1
	shift
	got=$(bash_offers "$@" | tr '\n' ' ' | sed 's/ $//')
	[ "$got" = "$wanted" ] || echo "$*: '$got', not '$wanted'"
}

all_offered()	# FILE
{
	offered '--pid --preflight' "$1" --p
	offered 'jsonl' "$1" -f j
	offered 'csv' "$1" -p 1 --format = c
	offered 'table jsonl csv openmetrics' "$1" -f ''
	offered 'suspect leak' "$1" --fail-on ''
	offered 'auto scan walk' "$1" --census =
	offered 'name,count,dsize' "$1" --fields name,count,d
	offered '4242' "$1" -p 4
	offered '4242 777' "$1" ''
	offered '' "$1" --delay ''
	offered "$LT_SRCDIR/NEWS" "$1" --output "$LT_SRCDIR/NEW"
}

zsh_offers()	# FOLDER LINE
{
	HOME=$lint_tmp timeout 120 zsh -f "$LT_SRCDIR/tests/lint/offers.zsh" "$1" "$2" \
		"$lint_tmp/offered" 2>&1 </dev/null
	cat "$lint_tmp/offered"
}

fish_offers()	# FOLDER LINE
{
	# shellcheck disable=SC2016
	HOME=$lint_tmp fish --no-config -c '
		function leaktop; printf "    PID USER\n   4242 root\n    777 app\n"; end
		source $argv[1]/leaktop.fish
		complete -C $argv[2]' "$1" "$2" 2>&1 | cut -f 1
}

typed()	# SHELL FOLDER LINE WANTED: says so where the shell offers something else
{
	got=$("$1_offers" "$2" "$3" | sort | tr '\n' ' ' | sed 's/ $//')
	[ "$got" = "$4" ] || echo "$3: '$got', not '$4'"
}

all_typed()	# SHELL FOLDER
{
	typed "$1" "$2" 'leaktop --p' '--pid --preflight'
	typed "$1" "$2" 'leaktop -f j' 'jsonl'
	typed "$1" "$2" 'leaktop -p 1 --fail-on ' 'leak suspect'
	typed "$1" "$2" 'leaktop --fail-on suspect 4' '4242'
	typed "$1" "$2" 'leaktop ' '4242 777'
	typed "$1" "$2" 'leaktop --delay ' ''
}

bash=$made/leaktop
lint_none 'the bash completion is what the option table gives' "$(differ bash "$bash")"
lint_none 'the zsh completion is what the option table gives' "$(differ zsh "$made/_leaktop")"
lint_none 'the fish completion is what the option table gives' \
	"$(differ fish "$made/leaktop.fish")"
if command -v bash >/dev/null; then
	lint_none 'bash completes options, words, lists, files and processes' \
		"$(all_offered "$bash")"
	sed 's/jsonl/json/' "$bash" >"$lint_tmp/bad"
	lint_caught 'a completion that offers something else is caught' \
		"$(all_offered "$lint_tmp/bad")" "'json', not 'jsonl'"
else
	lint_skip 'bash completes' 'bash is not installed'
fi
if command -v zsh >/dev/null; then
	lint_none 'zsh completes options, words, lists and processes' "$(all_typed zsh "$made")"
	mkdir "$lint_tmp/zsh"
	sed 's/table jsonl/table json/' "$made/_leaktop" >"$lint_tmp/zsh/_leaktop"
	lint_caught 'a completion of zsh that offers something else is caught' \
		"$(all_typed zsh "$lint_tmp/zsh")" "'json', not 'jsonl'"
else
	lint_skip 'zsh completes' 'zsh is not installed'
fi
if command -v fish >/dev/null; then
	lint_none 'fish completes options, words, lists and processes' "$(all_typed fish "$made")"
	mkdir "$lint_tmp/fish"
	sed 's/jsonl/json/' "$made/leaktop.fish" >"$lint_tmp/fish/leaktop.fish"
	lint_caught 'a completion of fish that offers something else is caught' \
		"$(all_typed fish "$lint_tmp/fish")" "'json', not 'jsonl'"
else
	lint_skip 'fish completes' 'fish is not installed'
fi
sed '/--preflight/d' "$bash" >"$lint_tmp/bad"
lint_caught 'an option that is missing is caught' "$(differ bash "$lint_tmp/bad")" --preflight
lint_done
