#!/bin/sh
# contrib/ and doc/prometheus.md name only metrics that leaktop exports, and what is there is taken
# by the programs that it is for, where they are installed.
. "${LT_SRCDIR:-$(dirname "$0")/../..}/tests/lint/lib.sh"

tables=$LT_BUILDDIR/lint_tables
[ -x "$tables" ] || lint_skip_all "$tables was not built: make check builds it"
contrib=$LT_SRCDIR/contrib
rules=$contrib/prometheus/leaktop-rules.yml
cases=$contrib/prometheus/leaktop-rules-test.yml
board=$contrib/grafana/leaktop.json
unit=$contrib/systemd/leaktop@.service
page=$LT_SRCDIR/doc/prometheus.md

# As Prometheus stores them: counters with _total.
"$tables" metrics | sort >"$lint_tmp/metrics"

# Names in FILE that look like a metric and are none.
unknown()	# FILE
{
	grep -oE '\bleaktop_[a-z_]+' "$1" | sort -u | comm -23 - "$lint_tmp/metrics"
}

# Metrics without a line in the table of PAGE.
untold()	# PAGE
{
	while read -r metric; do
		grep -q "^| \`$metric\`" "$1" || echo "$metric"
	done <"$lint_tmp/metrics"
}

# Is it JSON with panels, each with something to draw?
drawable()	# FILE
{
	python3 -c '
import json, sys
board = json.load(open(sys.argv[1]))
for panel in board["panels"]:
    if not panel["title"] or not all(t["expr"] for t in panel["targets"]):
        print("panel", panel["id"])
if len(board["panels"]) < 5:
    print("hardly a panel")' "$1" 2>&1
}

# Of Debian's package, installed or as tools/test unpacks it.
promtool=$(command -v promtool) ||
	promtool=${LEAKTOP_ROOTS:-/var/tmp/leaktop-roots}/.packages/prometheus/usr/bin/promtool
check()	# WORD FILE: what promtool has against it
{
	"$promtool" "$1" rules "$2" >"$lint_tmp/said" 2>&1 || cat "$lint_tmp/said"
}

lint_none 'there are metrics' \
	"$([ "$(wc -l <"$lint_tmp/metrics")" -ge 30 ] || echo 'fewer than 30')"
for file in "$rules" "$cases" "$board" "$page"; do
	lint_none "${file#"$LT_SRCDIR"/} names only metrics that there are" "$(unknown "$file")"
done
lint_none 'doc/prometheus.md has every metric in its table' "$(untold "$page")"
if command -v python3 >/dev/null; then
	lint_none 'the dashboard is JSON with panels' "$(drawable "$board")"
	lint_caught 'a dashboard that is no JSON is caught' "$(drawable "$rules")" 'JSONDecodeError'
else
	lint_skip 'the dashboard is JSON with panels' 'python3 is not installed'
fi
if [ -x "$promtool" ]; then
	lint_none 'promtool takes the alert rules' "$(check check "$rules")"
	lint_none 'the alerts come when they should and not before' "$(check test "$cases")"
	mkdir "$lint_tmp/rules"
	cp "$cases" "$lint_tmp/rules/"
	sed 's/verdict="leak"/verdict="hold"/' "$rules" >"$lint_tmp/rules/${rules##*/}"
	lint_caught 'an alert that does not come is caught' \
		"$(check test "$lint_tmp/rules/${cases##*/}")" PythonLeak
else
	lint_skip 'promtool takes the alert rules' 'prometheus is not there: tools/test fetches it'
fi

# The shell and systemctl it names need not be on this machine, nor the service it watches.
verify()	# UNIT-FILE
{
	printf '[Service]\nExecStart=/bin/true\n' >"$lint_tmp/demo.service"
	sed 's,^ExecStart=/bin/sh ,ExecStart=/bin/true ,' "$1" >"$lint_tmp/leaktop@.service"
	systemd-analyze verify --man=no "$lint_tmp/leaktop@demo.service" 2>&1 |
		grep -F leaktop@ | sed "s,$lint_tmp/,,"
}

exposure()	# UNIT-FILE: systemd's figure for it, in tenths: 0 best, 100 worst
{
	systemd-analyze security --offline=true --no-pager "$1" 2>/dev/null |
		sed -n 's/.*exposure level for .*: \([0-9]*\)\.\([0-9]\) .*/\1\2/p'
}

if systemd-analyze security --offline=true "$unit" >/dev/null 2>&1; then
	lint_none 'systemd takes the unit' "$(verify "$unit")"
	level=$(exposure "$unit")
	lint_none 'systemd calls the unit well confined (exposure up to 2.0)' \
		"$([ "${level:-100}" -le 20 ] || echo "exposure $level tenths")"
	sed 's/^PrivateTmp=/PrivateTemp=/' "$unit" >"$lint_tmp/bad.service"
	lint_caught 'a setting that is none is caught' \
		"$(verify "$lint_tmp/bad.service")" PrivateTemp
else
	lint_skip 'systemd takes the unit' 'systemd-analyze is not here, or older than 250'
fi
# tests/live/test_outputs.c shows that they are enough and needed.
lint_none 'the unit has two capabilities and no way to more' \
	"$(grep -E '^(Ambient|CapabilityBounding)' "$unit" |
		grep -v '=CAP_SYS_PTRACE CAP_DAC_READ_SEARCH$')"

{ cat "$rules"; echo leaktop_type_sorrow; } >"$lint_tmp/bad.yml"
lint_caught 'a metric that is not exported is caught' "$(unknown "$lint_tmp/bad.yml")" \
	leaktop_type_sorrow
# shellcheck disable=SC2016
grep -v '^| `leaktop_rss_bytes`' "$page" >"$lint_tmp/bad.md"
lint_caught 'a metric without a line is caught' "$(untold "$lint_tmp/bad.md")" leaktop_rss_bytes
lint_done
