/*
 * The name of a user. username_nss.c asks whatever the machine is set up to ask; username_file.c,
 * in the viewer in one file, reads /etc/passwd alone: NSS loads modules, which a static program
 * must not do on a machine with another libc.
 */
#ifndef LT_PROC_USERNAME_H
#define LT_PROC_USERNAME_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* dst gets the name, cleaned. False, dst untouched: there is none. */
bool username_find(uid_t uid, char *dst, size_t size);

#endif
