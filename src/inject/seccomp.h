/*
 * What a seccomp filter would say to a system call. A filter is classic BPF over struct
 * seccomp_data (linux/seccomp.h, kernel/seccomp.c seccomp_check_filter has the instructions); it
 * is run here on data of which only some words are known, along every way that is then possible.
 */
#ifndef LT_INJECT_SECCOMP_H
#define LT_INJECT_SECCOMP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sock_filter;		/* linux/filter.h */

#define SECCOMP_INSNS_MAX 4096	/* BPF_MAXINSNS */

struct seccomp_call {
	const char *name;	/* for messages */
	uint32_t nr;		/* as the filter sees it: (uint32_t)-1 is possible */
	bool may_fail;		/* nobody looks at its result: the filter may give it an errno */
	unsigned known;		/* bit i: args[i] is always this */
	uint64_t args[6];
};

/*
 * Does the filter let the call through, whatever the words are that are not known? A filter that
 * is malformed, or has too many ways, does not.
 */
bool seccomp_allows(const struct sock_filter *code, size_t n, uint32_t arch,
		    const struct seccomp_call *call);

#endif
