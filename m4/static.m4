# LT_STATIC_VIEWER: leaktop in one file. Debian's libmicrohttpd.a wants libraries that have no static
# form there (p11-kit), so --listen stays out; procps and NSS would load modules of another libc.
AC_DEFUN([LT_STATIC_VIEWER], [
	AM_CONDITIONAL([STATIC_VIEWER], [test "x$enable_static_viewer" = xyes])
	AS_IF([test "x$enable_static_viewer" = xyes], [
		AC_CHECK_PROG([lt_infocmp], [infocmp], [yes], [no])
		AS_IF([test $lt_infocmp = no],
			[AC_MSG_ERROR([infocmp is missing (Debian: apt install ncurses-bin)])])
		AS_IF([test "x$with_microhttpd" = xyes],
			[AC_MSG_ERROR([--enable-static-viewer has no --listen: leave --with-microhttpd out])])
		with_microhttpd=no
		LT_LINK_FLAGS([LT_STATIC_LDFLAGS], [-static-pie])
		AS_IF([test -z "$LT_STATIC_LDFLAGS"],
			[AC_MSG_ERROR([nothing static can be linked here (Debian: apt install libc6-dev libncurses-dev)])])
		LT_STATIC_LDFLAGS="$LT_STATIC_LDFLAGS -Wl,-z,relro -Wl,-z,now"])
	AC_SUBST([LT_STATIC_LDFLAGS])])
