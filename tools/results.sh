# Sourced by the scripts beside it after common.sh (POSIX sh): which tests there are, and what came
# of them. The sums are in $passed, $failed and $skipped, what failed and why in $failures.
# shellcheck shell=sh
: "${top:?}"

passed=0 failed=0 skipped=0 failures=''
newline='
'

# make_in DIRECTORY ARGUMENT...: a script whose builds are elsewhere replaces it.
make_in() {
	make -C "$@"
}

# count P F S NAME: adds to the sum and says so.
count() {
	passed=$((passed + $1))
	failed=$((failed + $2))
	skipped=$((skipped + $3))
	echo "$4: $1 passed, $2 failed, $3 skipped"
}

# suites: "TEST FOLDER" for every test, as the makefile fragments tests/FOLDER/*.mk add them, by
# name or through a variable of the same file.
suites() {
	for mk in "$top"/tests/*/*.mk; do
		folder=${mk%/*}
		folder=${folder##*/}
		awk -v folder="$folder" '
			/^[ \t]*[a-zA-Z_]+[ \t]*\+?=/ {
				name = $1
				sub(/\+?=.*/, "", name)
				sub(/^[^=]*=/, "")
				more = 1
			}
			more {
				more = sub(/\\$/, "")
				words[name] = words[name] " " $0
			}
			function list(text,   word, n, i) {
				n = split(text, word, " ")
				for (i = 1; i <= n; i++)
					if (word[i] !~ /\$/ && !seen[word[i]]++)
						print word[i], folder
					else if (word[i] ~ /^\$\(/)
						list(words[substr(word[i], 3, length(word[i]) - 3)])
			}
			END { list(words["TESTS"] " " words["dist_check_SCRIPTS"]) }' "$mk"
	done
}

# tests_of DIRECTORY FOLDER...: the tests in those folders that this build has. Asked of make, since
# configure leaves out what it has no library for.
tests_of() {
	dir=$1
	shift
	# shellcheck disable=SC2016
	printf 'leaktop-tests:\n\t@echo $(TESTS)\n' |
		make_in "$dir" -s --no-print-directory -f Makefile -f - leaktop-tests |
		tr ' ' '\n' >"$dir/tests.built"
	suites >"$dir/tests.suites"
	for folder; do
		awk -v folder="$folder" 'NR == FNR { if ($2 == folder) mine[$1] = 1; next }
			{ name = $1; sub(/^.*\/srcdir\//, "", name) } name in mine { print $1 }' \
			"$dir/tests.suites" "$dir/tests.built"
	done | tr '\n' ' '
}

# failures_of NAME LOG: each test of it that failed, with what it said before and cmocka behind it.
failures_of() {
	awk -v name="$1" '
		/^(not )?ok / && (!/^not / || / # SKIP/) { n = behind = 0 }
		/^not ok / && !/ # SKIP/ {
			sub(/^not ok [0-9]*[ -]*/, "")
			print "#   FAILED in " name ": " $0
			for (i = n > 12 ? n - 11 : 1; i <= n; i++)
				print "#     " said[i]
			n = 0
			behind = 4
		}
		sub(/^# /, "") {
			said[++n] = $0
			if (behind-- > 0)
				print "#     " $0
		}
		sub(/^ERROR: /, "") { print "#   ERROR in " $0 }' "$2"
}

# results STAGE DIRECTORY: a line per suite from automake's *.trs files, then what failed and why
# something was skipped. A program that fails a test also exits with 1, which the files call an
# ERROR: one failure, not two.
results() {
	suites >"$2/tests.suites"
	find "$2" -name '*.trs' | sort >"$2/results.list"
	# shellcheck disable=SC2016
	xargs awk -v dir="$2/" '
		function close_file() {
			fail[suite] += bad ? bad : errors
			bad = errors = 0
		}
		FILENAME == ARGV[1] { folder[$1] = $2; next }
		FNR == 1 {
			close_file()
			name = substr(FILENAME, length(dir) + 1)
			sub(/\.trs$/, "", name)
			if (!(name in folder))
				name = name ".sh"
			suite = name in folder ? folder[name] : "other"
			names[suite] = 1
		}
		/^:test-result: (PASS|XFAIL)/ { pass[suite]++ }
		/^:test-result: (FAIL|XPASS)/ { bad++ }
		/^:test-result: ERROR/ { errors++ }
		/^:test-result: SKIP/ { skip[suite]++ }
		END {
			close_file()
			for (s in names)
				print s, pass[s] + 0, fail[s] + 0, skip[s] + 0
		}' "$2/tests.suites" <"$2/results.list" | sort >"$2/results.sums"
	while read -r suite p f s; do
		count "$p" "$f" "$s" "$1 $suite"
	done <"$2/results.sums"
	while read -r trs; do
		log=${trs%.trs}.log
		name=$(basename "$trs" .trs)
		if grep -q '^:test-result: \(FAIL\|XPASS\|ERROR\)' "$trs"; then
			told=$(failures_of "$name" "$log")
			echo "$told"
			failures="$failures$told$newline"
		fi
		sed -n "s|^# skipped: *|#   skipped in $name: |p" "$log" |
			sort | uniq -c | sed 's/^ *\([0-9]*\) #\(.*\)/#\2 (\1)/'
	done <"$2/results.list"
}
