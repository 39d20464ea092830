# LT_FLAG(FLAG, VARIABLE): add FLAG to VARIABLE when the compiler takes it without a warning.
AC_DEFUN([LT_FLAG], [
	AC_MSG_CHECKING([whether $CC takes $1])
	lt_save="$CFLAGS"; CFLAGS="$CFLAGS -Werror $1"
	AC_COMPILE_IFELSE([AC_LANG_PROGRAM([], [])],
		[AC_MSG_RESULT([yes]); $2="$$2 $1"], [AC_MSG_RESULT([no])])
	CFLAGS="$lt_save"])

# LT_FLAGS(VARIABLE, FLAGS): the same for a list.
AC_DEFUN([LT_FLAGS], [
	for lt_flag in $2; do
		LT_FLAG([$lt_flag], [$1])
	done])

# LT_LINK_FLAGS(VARIABLE, FLAGS): flags that only a link can try.
AC_DEFUN([LT_LINK_FLAGS], [
	for lt_flag in $2; do
		AC_MSG_CHECKING([whether the linker takes $lt_flag])
		lt_save="$LDFLAGS"; lt_csave="$CFLAGS"
		LDFLAGS="$LDFLAGS $lt_flag"; CFLAGS="$CFLAGS $LT_CFLAGS"
		AC_LINK_IFELSE([AC_LANG_PROGRAM([], [])],
			[AC_MSG_RESULT([yes]); $1="$$1 $lt_flag"], [AC_MSG_RESULT([no])])
		LDFLAGS="$lt_save"; CFLAGS="$lt_csave"
	done])

# LT_PROCPS: libproc2 (Debian 12 and later) or libprocps (Debian 11), as --with-procps asks.
AC_DEFUN([LT_PROCPS], [
	lt_procps=none
	AS_CASE([$with_procps], [auto|libproc2|libprocps], [],
		[AC_MSG_ERROR([--with-procps takes libproc2, libprocps or auto, not $with_procps])])
	AS_IF([test $with_procps != libprocps], [
		PKG_CHECK_MODULES([PROCPS], [libproc2], [lt_procps=libproc2], [:])])
	AS_IF([test $lt_procps = none && test $with_procps != libproc2], [
		PKG_CHECK_MODULES([PROCPS], [libprocps], [lt_procps=libprocps], [:])])
	AS_IF([test $lt_procps = none],
		[AC_MSG_ERROR([neither libproc2 nor libprocps was found (Debian 12+: apt install libproc2-dev; Debian 11: libprocps-dev)])])
	AM_CONDITIONAL([PROCPS_LIBPROC2], [test $lt_procps = libproc2])])

# LT_MICROHTTPD: what --listen serves with, as --with-microhttpd asks.
AC_DEFUN([LT_MICROHTTPD], [
	lt_microhttpd=no
	AS_CASE([$with_microhttpd], [auto|yes|no], [],
		[AC_MSG_ERROR([--with-microhttpd takes yes, no or auto, not $with_microhttpd])])
	AS_IF([test $with_microhttpd != no], [
		PKG_CHECK_MODULES([MICROHTTPD], [libmicrohttpd >= 0.9.71], [lt_microhttpd=yes], [:])])
	# serve_mhd.c loads it when it is needed; before glibc 2.34 that takes a library
	AS_IF([test $lt_microhttpd = yes], [MICROHTTPD_LIBS=-ldl])
	AS_IF([test $with_microhttpd$lt_microhttpd = yesno],
		[AC_MSG_ERROR([libmicrohttpd is missing (Debian: apt install libmicrohttpd-dev)])])
	AM_CONDITIONAL([HAVE_MICROHTTPD], [test $lt_microhttpd = yes])])
