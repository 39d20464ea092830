# Run by tools/systemd as a service of a systemd of its own, with what it needs beside it: starts
# the demo server as a service and the example unit on it, and sees what becomes of both. TAP.
# shellcheck shell=sh disable=SC2181
set -u
cd "$(dirname "$0")" || exit 99
units=/etc/systemd/system
logs=/var/log/leaktop/demo
count=0

result()	# STATUS SENTENCE
{
	count=$((count + 1))
	if [ "$1" = 0 ]; then
		echo "ok $count - $2"
	else
		echo "not ok $count - $2"
		systemctl status --no-pager --lines=0 demo client leaktop@demo 2>&1 | sed 's/^/# /'
		journalctl --no-pager -o cat -n 20 -u leaktop@demo 2>&1 | sed 's/^/# journal: /'
		find "$logs/" -type f -printf '# %f, %s bytes\n'
	fi
}

# within COMMAND...: until it is true, for four minutes.
within()
{
	give_up=$(($(date +%s) + 240))
	until "$@"; do
		[ "$(date +%s)" -lt $give_up ] || return 1
		sleep 1
	done
}

# show UNIT PROPERTY
show()
{
	systemctl show --value --property="$2" "$1"
}

is()	# UNIT STATE
{
	[ "$(show "$1" ActiveState)" = "$2" ]
}

says()	# UNIT EXPRESSION: in the journal
{
	journalctl --no-pager -o cat -u "$1" | grep -q "$2"
}

serves()	# the demo: a Python at work, and clients may come
{
	says demo '"port": 9124'
}

# recordings PATTERN: how many
recordings()
{
	find "$logs/" -name "$1" | wc -l
}

# newest: the recording that grows now
newest()
{
	find "$logs/" -name '*.jsonl'
}

has()	# NUMBER KIND: lines of that kind or more
{
	file=$(newest)
	[ -n "$file" ] && [ "$(grep -c "\"kind\":\"$2\"" "$file")" -ge "$1" ]
}

watches()	# PID: of the demo
{
	file=$(newest)
	[ -n "$file" ] && grep -q "\"kind\":\"attach\".*\"pid\":$1," "$file"
}

another()	# PID: the demo has another process than that, which is recorded
{
	now=$(show demo MainPID)
	[ "$now" != "$1" ] && [ "$now" != 0 ] && watches "$now"
}

reads()	# the guarded service: its recording has a count
{
	grep -q '"type":"dict","count":[1-9]' /var/log/leaktop/guarded/*.jsonl
}

cp leaktop@.service $units
cat >$units/demo.service <<UNIT
[Service]
User=daemon
ExecStart=/usr/bin/python3 $PWD/tcp_server.py --leak global --port 9124 --duration 86400
Restart=always
UNIT
cat >$units/client.service <<UNIT
[Service]
DynamicUser=yes
ExecStart=/usr/bin/python3 $PWD/tcp_client.py --port 9124 --rate 5 --duration 86400
Restart=always
RestartSec=1
UNIT
# DynamicUser= brings a filter of system calls, as most of systemd's words of protection do.
cat >$units/guarded.service <<UNIT
[Service]
DynamicUser=yes
ExecStart=/usr/bin/python3 -c 'import time; print("up", flush=True); time.sleep(86400)'
UNIT
printf '[Service]\nExecStart=/bin/sleep infinity\n' >$units/sleeper.service
systemctl daemon-reload
systemctl start demo guarded sleeper
within serves
systemctl start client leaktop@demo
main=$(show demo MainPID)
within has 1 sample
result $? 'the unit begins to record a service'
leaktop=$(show leaktop@demo MainPID)
uid=$(stat -c %u "/proc/$leaktop")
[ "$uid" -ge 61184 ] && [ "$uid" -le 65519 ]	# systemd's range of such users
result $? 'it is a user of its own'
# CAP_DAC_READ_SEARCH is 2, CAP_SYS_PTRACE 19
grep -q '^CapEff:.0*80004$' "/proc/$leaktop/status" &&
	grep -q '^CapBnd:.0*80004$' "/proc/$leaktop/status"
result $? 'it has two capabilities, and no way to another'
grep -q '^NoNewPrivs:.1$' "/proc/$leaktop/status" &&
	grep -q '^Seccomp:.2$' "/proc/$leaktop/status"
result $? 'it is under a filter of system calls'
grep '"kind":"attach"' "$(newest)" | grep -q '"method":"\(thread\|pending\)"'
result $? 'nothing of that keeps it from borrowing a thread'

within has 2 sample
result $? 'the recording grows'
leaktop -r "$(newest)" -b | grep -q '__main__\.Connection'
result $? 'the recording can be read meanwhile'

systemctl stop leaktop@demo
is leaktop@demo inactive && [ "$(show leaktop@demo Result)" = success ]
result $? 'systemctl stop ends it well'
[ "$(recordings '*.jsonl.gz')$(recordings '*.jsonl')" = 10 ] &&
	zcat "$logs"/*.gz | tail -n 1 | grep '"kind":"detach"' |
	grep -q '"left":{"threads":0,"fds":\(0\|null\),"maps":0}'
result $? 'a whole recording is left, compressed, and nothing in the service'
zcat "$logs"/*.gz | leaktop -r - -b | grep -q '__main__\.Connection'
result $? 'it can be read as the unit says'
is demo active && [ "$(show demo MainPID)" = "$main" ] && [ "$(show demo NRestarts)" = 0 ]
result $? 'the service goes on'

systemctl start leaktop@demo
within watches "$main"
systemctl restart demo
within another "$main" && is leaktop@demo active && [ "$(recordings '*.jsonl.gz')" = 2 ]
result $? 'a service that is restarted gets another recording'

systemctl add-wants demo.service leaktop@demo.service 2>/dev/null
main=$(show demo MainPID)
kill -KILL "$main"
within another "$main" && is leaktop@demo active && [ "$(recordings '*.jsonl.gz')" = 3 ]
result $? 'one that dies and comes again does, where it wants the unit'

systemctl stop demo
is leaktop@demo inactive && [ "$(show leaktop@demo Result)" = success ] &&
	[ "$(recordings '*.jsonl.gz')$(recordings '*.jsonl')" = 40 ]
result $? 'a service that is stopped ends its recording'

within says guarded '^up$'
systemctl start leaktop@guarded
within says leaktop@guarded '^leaktop: read-only: .* seccomp filter' && within reads &&
	systemctl stop leaktop@guarded &&
	zcat /var/log/leaktop/guarded/*.gz | leaktop -r - -b | grep -q ' dict '
result $? 'a service under a filter of its own is read only, counted, and it is said'

systemctl start leaktop@sleeper
within is leaktop@sleeper failed &&
	says leaktop@sleeper '^leaktop: the process is not Python'
result $? 'what goes wrong is in the journal'
is sleeper active
result $? 'and the service that is no Python goes on'
echo "1..$count"
