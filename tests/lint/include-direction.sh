#!/bin/sh
# Who may include whom (doc/architecture.md), and what only certain files may know.
. "${LT_SRCDIR:-$(dirname "$0")/../..}/tests/lint/lib.sh"

# folder: the folders it may include, or single headers of them; its own always.
map='
util
proc	util
target	proc util
model	util
agent
inject	proc target agent/abi.h agent/blob.h util
census	inject target proc agent/abi.h util
holders	target proc util
session	census holders inject proc target model agent/abi.h util
ui	model util
output	model util
serve	util
cli	util proc target model inject census session ui output serve
'

# headers in <>	files that may include them; both extended regular expressions
libraries='
^(n?curses|ncursesw/|term\.h|panel\.h|menu\.h|form\.h)	^ui/term\.c$
^microhttpd	^serve/serve_mhd\.c$
^(libproc2|proc)/	^proc/.*libproc.*\.c$
^(sys|linux|asm)/ptrace	^inject/
^sys/(user|reg|procfs)\.h	^inject/arch_
'

# "file line <header>" or "file line "header"" of every #include below ROOT/src.
includes()	# ROOT
{
	(cd "$1/src" && grep -rnE '^[ 	]*#[ 	]*include' --include='*.[chS]' .) |
		sed -E 's,^\./([^:]*):([0-9]*):[^<"]*([<"][^>"]*[>"]).*,\1 \2 \3,'
}

direction()	# ROOT
{
	includes "$1" | awk -v map="$map" '
		BEGIN {
			n = split(map, line, "\n")
			for (i = 1; i <= n; i++) {
				k = split(line[i], word, /[ \t]+/)
				known[word[1]] = 1
				for (j = 1; j <= k; j++)
					may[word[1], word[j]] = 1
			}
		}
		{
			from = $1; sub("/.*", "", from)
			header = substr($3, 2, length($3) - 2)
			to = header; sub("/.*", "", to)
			where = "src/" $1 ":" $2 ": "
			if (!(from in known))
				print where "folder " from " is not in the map of " \
					"tests/lint/include-direction.sh"
			else if (header ~ /\.c$/)
				print where "includes a .c file"
			else if (from == "agent" && $3 ~ /^</ &&
				 header !~ /^std(int|def|bool|arg)\.h$/)
				print where "the helper has no libc, so no " $3
			else if ($3 ~ /^</ || header == "config.h")
				next
			else if (header !~ "/")
				print where $3 " does not name its folder"
			else if (!((from, to) in may) && !((from, header) in may))
				print where from "/ may not include " $3
		}'
}

libraries()	# ROOT
{
	includes "$1" | awk -v rules="$libraries" '
		BEGIN { n = split(rules, rule, "\n") }
		$3 ~ /^</ {
			header = substr($3, 2, length($3) - 2)
			for (i = 1; i <= n; i++) {
				if (split(rule[i], part, "\t") != 2)
					continue
				if (header ~ part[1] && $1 !~ part[2])
					print "src/" $1 ":" $2 ": may not include " $3
			}
		}'
}

cycles()	# ROOT
{
	includes "$1" | awk '$1 ~ /\.h$/ && $3 ~ /^"/ { print $1, substr($3, 2, length($3) - 2) }' |
		tsort 2>&1 >/dev/null | sed 's/^tsort: //'
}

# Lines of ROOT/src that match PATTERN in files that do not match ALLOWED.
only_in()	# ROOT PATTERN ALLOWED
{
	(cd "$1/src" && grep -rnE "$2" --include='*.[chS]' .) | sed 's,^\./,,' |
		awk -F: -v ok="$3" '$1 !~ ok { print "src/" $0 }'
}

versions()	# ROOT; a shift is no comparison, and two readings may be compared
{
	only_in "$1" \
		'version_hex *(<[^<]|>[^>]|==|!=)|[A-Z0-9]{2} *[!=<>]=? *[a-z_.>-]*version_hex' \
		'^target/(layout[^/]*|version)\.c$'
	only_in "$1" '^[ 	]*#[ 	]*(el)?if.*PY_(VERSION|MAJOR|MINOR)' '^$'
}

processors()	# ROOT
{
	only_in "$1" \
		'^[ 	]*#[ 	]*(el)?if.*__(x86_64|amd64|i386|aarch64|arm|riscv|powerpc|s390)' \
		'^(inject|agent)/(arch|entry)_[^/]*$'
}

lint_none 'every folder includes only what the map allows' "$(direction "$LT_SRCDIR")"
lint_none 'curses, procps and ptrace are each known to one place' "$(libraries "$LT_SRCDIR")"
lint_none 'headers do not include each other in a ring' "$(cycles "$LT_SRCDIR")"
lint_none 'Python versions are compared only in the layout tables' "$(versions "$LT_SRCDIR")"
lint_none 'no #if on the CPU outside the arch files' "$(processors "$LT_SRCDIR")"

# The same on a copy with one fault of each kind.
bad=$lint_tmp/bad
mkdir -p "$bad"
cp -R "$LT_SRCDIR/src" "$bad/src"
chmod -R u+w "$bad"
plant()	# FILE LINE; into its first line
{
	mkdir -p "$bad/src/$(dirname "$1")"
	{ echo "$2"; cat "$bad/src/$1" 2>/dev/null; } >"$lint_tmp/planted"
	cp "$lint_tmp/planted" "$bad/src/$1"
}
plant util/planted.c '#include "model/model.h"'
plant model/planted.h '#include "ui/ui.h"'
plant ui/planted_agent.c '#include "agent/abi.h"'
plant agent/planted.c '#include <string.h>'
plant newcomer/planted.c '#include "util/err.h"'
plant output/planted.c '#include "planted.h"'
found=$(direction "$bad")
lint_caught 'util including model is caught' "$found" 'src/util/planted.c:1: util/ may not'
lint_caught 'model including ui is caught, in a header too' "$found" 'src/model/planted.h:1:'
lint_caught 'a header of agent/ in ui is caught' "$found" 'src/ui/planted_agent.c:1:'
lint_caught 'libc in the helper is caught' "$found" 'src/agent/planted.c:1: the helper'
lint_caught 'a folder that nobody put in the map is caught' "$found" 'folder newcomer is not'
lint_caught 'an include without its folder is caught' "$found" 'does not name its folder'

plant ui/planted.c '#include <ncurses.h>'
plant cli/planted_http.c '#include <microhttpd.h>'
plant cli/planted.c '#include <libproc2/pids.h>'
plant proc/planted.h '#include <sys/ptrace.h>'
found=$(libraries "$bad")
lint_caught 'curses outside ui/term.c is caught' "$found" 'src/ui/planted.c:1:'
lint_caught 'libmicrohttpd outside serve/ is caught' "$found" 'src/cli/planted_http.c:1:'
lint_caught 'procps outside proc/ is caught' "$found" 'src/cli/planted.c:1:'
lint_caught 'ptrace outside inject/ is caught' "$found" 'src/proc/planted.h:1:'

plant util/ring_a.h '#include "util/ring_b.h"'
plant util/ring_b.h '#include "util/ring_a.h"'
lint_caught 'two headers that include each other are caught' "$(cycles "$bad")" 'util/ring_a.h'

plant session/planted.c 'if (py->version_hex >= 0x030c0000)'
plant target/pyobj_planted.c 'if (0x030c0000 <= py->version_hex)'
found=$(versions "$bad")
lint_caught 'a version compared elsewhere is caught' "$found" 'src/session/planted.c:1:'
lint_caught 'also the other way round' "$found" 'src/target/pyobj_planted.c:1:'
plant inject/planted.c '#ifdef __aarch64__'
lint_caught 'an #ifdef on the CPU is caught' "$(processors "$bad")" 'src/inject/planted.c:1:'
lint_done
