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

# What promtool has against a file of -f openmetrics. It reads that format for history only, of
# which each value must have a time.
unread()	# FILE
{
	awk '/^#/ { print; next } { print $0, 1764000000 }' "$1" >"$lint_tmp/history"
	"$promtool" tsdb create-blocks-from openmetrics "$lint_tmp/history" "$lint_tmp/blocks" \
		>"$lint_tmp/said" 2>&1 || cat "$lint_tmp/said"
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
	if "$LT_BUILDDIR/leaktop" -r "$LT_SRCDIR/tests/recordings/cycle.jsonl" -f openmetrics \
		--output "$lint_tmp/leaktop.prom"; then
		lint_none 'promtool reads a file of -f openmetrics' \
			"$(unread "$lint_tmp/leaktop.prom")"
		sed 's/^# UNIT leaktop_rss_bytes bytes/# UNIT leaktop_rss_bytes words/' \
			"$lint_tmp/leaktop.prom" >"$lint_tmp/bad.prom"
		lint_caught 'a unit that the name has not is caught' \
			"$(unread "$lint_tmp/bad.prom")" unit
	else
		lint_none 'leaktop writes metrics of a recording' 'it did not'
	fi
else
	lint_skip 'promtool takes the alert rules' 'prometheus is not there: tools/test fetches it'
fi

# The shell and systemctl it names need not be on this machine, nor the service it watches.
verify()	# UNIT-FILE
{
	printf '[Service]\nExecStart=/bin/true\n' >"$lint_tmp/demo.service"
	sed 's,^\(Exec[A-Za-z]*=+*\)/bin/sh ,\1/bin/true ,' "$1" >"$lint_tmp/leaktop@.service"
	systemd-analyze verify --man=no "$lint_tmp/leaktop@demo.service" 2>&1 |
		grep -F leaktop@ | sed "s,$lint_tmp/,,"
}

exposure()	# UNIT-FILE: systemd's figure for it, in tenths: 0 best, 100 worst
{
	systemd-analyze security --offline=true --no-pager "$1" 2>/dev/null |
		sed -n 's/.*exposure level for .*: \([0-9]*\)\.\([0-9]\) .*/\1\2/p'
}

# command_of UNIT-FILE SETTING: what systemd would run for the instance "demo", as lines of shell.
command_of()
{
	sed -e ':join' -e '/\\$/ { N; s/\\\n[\t ]*/ /; b join' -e '}' "$1" |
		sed -n -e 's/%%/%/g' -e 's/%i$/demo/' -e "s/^$2=+*//p"
}

# What a day with the unit leaves, where leaktop and systemctl are these; prints what is wrong.
unit_day()	# UNIT-FILE
{
	day=$lint_tmp/day
	rm -rf "$day"
	mkdir -p "$day/bin" "$day/log" "$day/run"
	# shellcheck disable=SC2016
	printf '#!/bin/sh\n%s\n' '[ "$4" = demo.service ] && echo 4242' >"$day/bin/systemctl"
	cat >"$day/bin/leaktop" <<'STUB'
#!/bin/sh
echo "$@" >"$LOGS_DIRECTORY/../said"
for word; do
	[ "${before:-}" != -w ] || echo '{"v":1}' >"$word"
	before=$word
done
STUB
	chmod +x "$day/bin/leaktop" "$day/bin/systemctl"
	touch -d '31 days ago' "$day/log/old.jsonl.gz"
	touch -d '29 days ago' "$day/log/young.jsonl.gz"
	for setting in ExecStartPre ExecStart ExecStopPost; do
		LOGS_DIRECTORY=$day/log RUNTIME_DIRECTORY=$day/run PATH=$day/bin:$PATH \
			sh -ec "$(command_of "$1" $setting)" ||
			echo "$setting failed"
	done
	grep -q ' -p 4242$' "$day/said" || echo "PID: $(cat "$day/said")"
	(cd "$day/log" && for f in *; do
		case $f in
		old* | *.jsonl) echo "$f is left" ;;
		esac
	done)
	set -- "$day/log"/20[0-9][0-9][01][0-9][0-3][0-9]-[0-9]*.jsonl.gz
	[ "$(gzip -dc "$1" 2>&1)" = '{"v":1}' ] || echo "no recording: $(ls "$day/log")"
	[ -e "$day/log/young.jsonl.gz" ] || echo 'what is not old is gone'
}

# leaktop itself finds no fault in the options, and that there is no such process.
unit_options()	# UNIT-FILE
{
	unit_day "$1"
	# shellcheck disable=SC2046
	"$LT_BUILDDIR/leaktop" $(sed 's/ -p [0-9]*$/ -p 4194304/' "$lint_tmp/day/said") \
		>"$lint_tmp/said" 2>&1
	[ $? = 3 ] || cat "$lint_tmp/said"
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
lint_none 'a day with the unit leaves one compressed recording, and none that is old' \
	"$(unit_day "$unit")"
sed 's/-w "/-W "/' "$unit" >"$lint_tmp/bad.service"
lint_caught 'a unit that records nothing is caught' \
	"$(unit_day "$lint_tmp/bad.service")" 'no recording'
if [ -x "$LT_BUILDDIR/leaktop" ]; then
	lint_none 'leaktop takes the options of the unit' "$(unit_options "$unit")"
	sed 's/--duration 1d/--duration 1y/' "$unit" >"$lint_tmp/bad.service"
	lint_caught 'an option that it does not take is caught' \
		"$(unit_options "$lint_tmp/bad.service")" duration
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
