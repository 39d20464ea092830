# Sourced by the scripts beside it (POSIX sh): packages and building.
# shellcheck shell=sh

top=$(cd "$(dirname "$0")/.." && pwd) || exit 1

die() {
	echo "${0##*/}: $*" >&2
	exit 1
}

# newer A B: is A younger than B, or B not there?
newer() {
	[ ! -e "$2" ] || [ -n "$(find "$1" -newer "$2")" ]
}

jobs_count() {
	nproc 2>/dev/null || echo 2
}

is_root() {
	[ "$(id -u)" = 0 ]
}

# Is this Debian package installed?
installed() {
	[ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

# Does this release have the package? Without package lists nothing is known: no.
available() {
	apt-cache policy "$1" 2>/dev/null | grep -q 'Candidate: [^(]'
}

# The procps library has two names: libproc2-dev from Debian 12 and Ubuntu 24.04 on, libprocps-dev
# before. Without package lists the release says which.
procps_package() {
	for p in libproc2-dev libprocps-dev; do
		if installed $p || available $p; then
			echo $p
			return
		fi
	done
	# shellcheck source=/dev/null
	case $(. /etc/os-release 2>/dev/null; echo "${ID:-}-${VERSION_ID:-}") in
	debian-11 | ubuntu-20.* | ubuntu-22.*) echo libprocps-dev ;;
	*) echo libproc2-dev ;;
	esac
}

packages_build() {
	echo autoconf automake gcc libc6-dev make pkg-config libncurses-dev libjansson-dev \
		libmicrohttpd-dev python3
	procps_package
}

packages_test() {
	echo libcmocka-dev libvterm-dev
}

# What tests can do without, and then say so: compilers and linters, shells that complete, other
# roots, containers, a virtual machine.
packages_extra() {
	echo clang shellcheck tmux
	echo groff-base mandoc fish zsh
	echo mmdebstrap debian-archive-keyring
	echo bubblewrap podman runc systemd-container
	case $(uname -m) in
	x86_64)
		echo cpio kmod qemu-system-x86 qemu-system-arm
		echo gcc-aarch64-linux-gnu libc6-dev-arm64-cross qemu-user-static
		;;
	esac
}

missing() {
	for p; do
		installed "$p" || echo "$p"
	done
}

apt_install() {
	DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "$@" </dev/null
}

# install_packages LIST-FUNCTION...: installs what is missing, or says what to type and ends.
install_packages() {
	if ! command -v apt-get >/dev/null; then
		echo "# no apt-get here: taking what is installed (README.md says what is needed)"
		return 0
	fi
	if is_root && [ -z "$(apt-cache pkgnames libc6 2>/dev/null | head -n 1)" ]; then
		apt-get update -q </dev/null || die "apt-get update failed: is there a network?"
	fi
	wanted=$(for list; do $list; done | tr '\n' ' ')
	# shellcheck disable=SC2086
	needed=$(missing $wanted | tr '\n' ' ')
	[ -n "$needed" ] || return 0
	if ! is_root; then
		echo "${0##*/}: some packages are missing. Install them, then try again:" >&2
		echo "  sudo apt-get install -y --no-install-recommends ${needed% }" >&2
		exit 1
	fi
	echo "# installing: $needed"
	# shellcheck disable=SC2086
	if ! apt_install $needed >/dev/null 2>&1; then
		# The lists may be old; and then let apt-get say what is wrong.
		apt-get update -q </dev/null >/dev/null 2>&1
		# shellcheck disable=SC2086
		apt_install $needed || die "apt-get could not install: $needed"
	fi
}

# The same for packages that may stay away: never fails.
install_extras() {
	command -v apt-get >/dev/null && is_root || return 0
	# shellcheck disable=SC2046
	needed=$(missing $(packages_extra) | tr '\n' ' ')
	[ -n "$needed" ] || return 0
	# shellcheck disable=SC2086
	apt_install $needed >/dev/null 2>&1 && return 0
	for p in $needed; do
		apt_install "$p" >/dev/null 2>&1 || echo "# not installed: $p"
	done
}

# in_root ROOT COMMAND...: there, with a /proc, a /dev and a /tmp that go away with it, as do the
# processes that it starts. What $in_root_mnt names is its /mnt.
in_root() {
	# shellcheck disable=SC2016
	in_root_mnt=${in_root_mnt:-} timeout "${in_root_seconds:-900}" \
		unshare --mount --propagation private --pid --fork --kill-child sh -c '
		mount --bind "$0" "$0" && mount -t proc proc "$0/proc" &&
			mount --rbind /dev "$0/dev" &&
			mount -t tmpfs tmp "$0/tmp" || exit 99
		[ -z "$in_root_mnt" ] || mount --bind "$in_root_mnt" "$0/mnt" || exit 99
		exec env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 TERM=xterm \
			DEBIAN_FRONTEND=noninteractive chroot "$0" "$@"' "$@"
}

# unpack_package PACKAGE: into a folder of its own, and prints that. For what a test wants to run
# and nobody wants to have installed, such as a server that would start with the machine.
unpack_package() {
	into=${LEAKTOP_ROOTS:-/var/tmp/leaktop-roots}/.packages/$1
	if [ ! -d "$into" ]; then
		tmp=$(mktemp -d) || return 1
		if (cd "$tmp" && apt-get download -q "$1" >/dev/null 2>&1) &&
			mkdir -p "${into%/*}" &&
			dpkg-deb -x "$tmp"/*.deb "$into.new" 2>/dev/null; then
			mv "$into.new" "$into"
		fi
		rm -rf "$tmp" "$into.new"
	fi
	[ -d "$into" ] && echo "$into"
}

# Makes ./configure where it is missing or old.
make_configure() {
	if newer "$top/configure.ac" "$top/configure" || [ ! -d "$top/build-aux" ]; then
		echo "# making configure"
		autogen=$("$top/autogen.sh" 2>&1) || die "autogen.sh failed: $autogen"
	fi
}

# build_in DIRECTORY CONFIGURE-ARGUMENT...: configures, unless it was with the same arguments, and
# makes. The log is DIRECTORY/build.log.
build_in() {
	dir=$1
	shift
	mkdir -p "$dir" || return 1
	if [ ! -f "$dir/Makefile" ] || [ "$(cat "$dir/configured" 2>/dev/null)" != "$*" ] ||
		newer "$top/configure" "$dir/Makefile"; then
		(cd "$dir" && "$top/configure" "$@") >"$dir/build.log" 2>&1 </dev/null || return 1
		echo "$*" >"$dir/configured"
	fi
	make -C "$dir" -j"$(jobs_count)" all >>"$dir/build.log" 2>&1 </dev/null
}
