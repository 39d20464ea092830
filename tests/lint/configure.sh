#!/bin/sh
# Where a library is missing, configure ends with the name of the Debian package to install.
. "${LT_SRCDIR:-$(dirname "$0")/../..}/tests/lint/lib.sh"

[ -x "$LT_SRCDIR/configure" ] || lint_skip_all 'there is no configure here'

# A pkg-config that knows every module but those in $hidden.
cat >"$lint_tmp/pkg-config" <<'PKG'
#!/bin/sh
for word; do
	case " $hidden " in
	*" ${word%% *} "*) echo "no package '$word'" >&2; exit 1 ;;
	esac
	[ "$word" != --atleast-pkgconfig-version ] || exit 0
done
exit 0
PKG
chmod +x "$lint_tmp/pkg-config"

# The error of a configure without those modules; what it finds out of the compiler is kept.
error()	# MODULES CONFIGURE-ARGUMENT...
(
	hidden=$1
	export hidden
	shift
	mkdir -p "$lint_tmp/build"
	cd "$lint_tmp/build" || exit
	"$LT_SRCDIR/configure" -q --cache-file="$lint_tmp/cache" --disable-hardening \
		PKG_CONFIG="$lint_tmp/pkg-config" "$@" 2>&1 </dev/null |
		sed -n 's/^configure: error: //p'
	# what was missing this time is there the next
	sed -i '/pkg_cv_/d; /ac_cv_env_/d' "$lint_tmp/cache"
)

lint_caught 'without ncurses configure names its package' "$(error ncursesw)" \
	'apt install libncurses-dev'
lint_caught 'without procps configure names both packages' "$(error 'libproc2 libprocps')" \
	'apt install libproc2-dev; Debian 11: libprocps-dev'
lint_caught 'without jansson configure names its package' "$(error jansson)" \
	'apt install libjansson-dev'
lint_caught 'without libmicrohttpd, where it is wanted, configure names its package' \
	"$(error libmicrohttpd --with-microhttpd=yes)" 'apt install libmicrohttpd-dev'
lint_done
