# Sourced by the lint tests. They speak TAP, and each proves on a planted fault that it can fail.
# Run one by hand with LT_BUILDDIR=... CC=gcc tests/lint/NAME.sh
: "${LT_SRCDIR:=$(cd "$(dirname "$0")/../.." && pwd)}"
: "${LT_BUILDDIR:=$PWD}"
: "${CC:=cc}" "${NM:=nm}" "${READELF:=readelf}"
LC_ALL=C
export LC_ALL
if [ ! -f "$LT_SRCDIR/src/util/err.h" ]; then
	echo "Bail out! there is no leaktop in $LT_SRCDIR"
	exit 99
fi
lint_count=0
lint_tmp=$(mktemp -d "${TMPDIR:-/tmp}/leaktop-lint.XXXXXX") || exit 99
trap 'rm -rf "$lint_tmp"' EXIT
trap 'exit 99' HUP INT TERM

lint_result()	# ok|"not ok" SENTENCE
{
	lint_count=$((lint_count + 1))
	echo "$1 $lint_count - $2"
}

# Passes when the findings, one a line, are empty; shows them otherwise.
lint_none()	# SENTENCE FINDINGS
{
	if [ -z "$2" ]; then
		lint_result ok "$1"
	else
		lint_result 'not ok' "$1"
		printf '%s\n' "$2" | sed 's/^/# /'
	fi
}

# Passes when the findings name what was planted.
lint_caught()	# SENTENCE FINDINGS PLANTED
{
	case $2 in
	*"$3"*) lint_result ok "$1" ;;
	*)
		lint_result 'not ok' "$1"
		echo "# nothing was said of $3"
		;;
	esac
}

lint_skip()	# SENTENCE REASON
{
	lint_count=$((lint_count + 1))
	echo "ok $lint_count # SKIP $1: $2"
}

lint_skip_all()	# REASON
{
	echo "1..0 # SKIP $1"
	exit 0
}

lint_done()
{
	echo "1..$lint_count"
}

# Our own files below a root, relative to it: what git knows or would take; without git (in a
# release) the folders that are ours.
lint_files()	# ROOT
(
	cd "$1" || exit
	if git ls-files --error-unmatch configure.ac >/dev/null 2>&1; then
		git ls-files --cached --others --exclude-standard
	else
		find . \( -name .deps -o -name .git \) -prune -o -type f -print |
			sed 's,^\./,,' | grep -E -e '^(src|tests|doc|contrib|tools|m4|\.ci)/' \
			-e '^(README\.md|CONTRIBUTING\.md|NEWS|autogen\.sh)$' \
			-e '^(configure\.ac|Makefile\.am)$' |
			grep -Ev '\.(o|a|log|trs|dirstamp|elf|bin)$'
	fi | grep -v '^tests/fuzz/corpus/' | sort -u | while IFS= read -r file; do
		[ ! -f "$file" ] || echo "$file"
	done
)
