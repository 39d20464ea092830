#include "config.h"

#include "target/remote.h"

#include <errno.h>
#include <string.h>
#include <sys/uio.h>

#include "util/clock.h"

/* A read fails from the first page that is not there on; a string may end just before it. */
#define REMOTE_PAGE 4096u
#define REMOTE_PIECES 1024u		/* UIO_MAXIOV */

bool remote_late(const struct remote *r)
{
	return r->cpu_end_ns && clock_cpu_ns() > r->cpu_end_ns;
}

/*
 * The kernel copies page by page and returns what it had when it met a hole (process_vm_readv(2),
 * mm/process_vm_access.c), never more. -1 is EFAULT, ESRCH or EPERM with nothing copied.
 */
size_t remote_read_some(const struct remote *r, uint64_t addr, void *dst, size_t n)
{
	size_t done = 0;

	if (n > UINT64_MAX - addr)
		n = (size_t)(UINT64_MAX - addr);
	while (done < n && !remote_late(r)) {
		struct iovec to = {(char *)dst + done, n - done};
		struct iovec from = {(void *)(uintptr_t)(addr + done), n - done};
		ssize_t got = process_vm_readv(r->pid, &to, 1, &from, 1, 0);

		if (got <= 0)
			break;
		done += (size_t)got;
	}
	return done;
}

bool remote_read(const struct remote *r, uint64_t addr, void *dst, size_t n)
{
	return remote_read_some(r, addr, dst, n) == n;
}

/* The kernel stops at the first piece with a hole: what is before it has come. */
void remote_read_pieces(const struct remote *r, const struct iovec *from, size_t n, void *dst)
{
	char *at = dst;

	for (size_t i = 0; i < n;) {
		size_t k = i, want = 0, got;
		struct iovec to = {at, 0};
		ssize_t came;

		for (; k < n && k - i < REMOTE_PIECES; k++)
			want += from[k].iov_len;
		to.iov_len = want;
		came = process_vm_readv(r->pid, &to, 1, from + i, k - i, 0);
		for (got = came > 0 ? (size_t)came : 0; i < k && got >= from[i].iov_len; i++) {
			got -= from[i].iov_len;
			at += from[i].iov_len;
		}
		if (i < k) {
			memset(at, 0, from[i].iov_len);
			at += from[i++].iov_len;
		}
	}
}

bool remote_u64(const struct remote *r, uint64_t addr, uint64_t *ret)
{
	uint64_t v;

	if (!remote_read(r, addr, &v, sizeof(v)))
		return false;
	*ret = v;
	return true;
}

bool remote_u32(const struct remote *r, uint64_t addr, uint32_t *ret)
{
	uint32_t v;

	if (!remote_read(r, addr, &v, sizeof(v)))
		return false;
	*ret = v;
	return true;
}

bool remote_i32(const struct remote *r, uint64_t addr, int32_t *ret)
{
	int32_t v;

	if (!remote_read(r, addr, &v, sizeof(v)))
		return false;
	*ret = v;
	return true;
}

bool remote_string(const struct remote *r, uint64_t addr, char *dst, size_t size)
{
	size_t done = 0;

	if (size == 0)
		return false;
	while (done < size - 1) {
		/* to the end of the page only: the next one need not be there */
		size_t n = REMOTE_PAGE - (size_t)((addr + done) % REMOTE_PAGE);

		if (n > size - 1 - done)
			n = size - 1 - done;
		if (!remote_read(r, addr + done, dst + done, n))
			return false;
		if (memchr(dst + done, '\0', n))
			return true;
		done += n;
	}
	dst[done] = '\0';
	return true;
}

bool remote_write(const struct remote *r, uint64_t addr, const void *src, size_t n)
{
	size_t done = 0;

	while (done < n) {
		struct iovec from = {(char *)(uintptr_t)src + done, n - done};
		struct iovec to = {(void *)(uintptr_t)(addr + done), n - done};
		ssize_t put = process_vm_writev(r->pid, &from, 1, &to, 1, 0);

		if (put <= 0)
			return false;
		done += (size_t)put;
	}
	return true;
}

enum lt_errc remote_probe(const struct remote *r, uint64_t addr, struct lt_err *err)
{
	char byte;
	struct iovec to = {&byte, 1};
	struct iovec from = {(void *)(uintptr_t)addr, 1};

	if (process_vm_readv(r->pid, &to, 1, &from, 1, 0) == 1)
		return LT_OK;
	switch (errno) {
	case ESRCH:
		return lt_err_set(err, LT_E_GONE, 0, "PID %d", (int)r->pid);
	case EPERM:
	case EACCES:
		return lt_err_set(err, LT_E_PERM, errno, "reading memory of PID %d", (int)r->pid);
	default:
		return lt_err_set(err, LT_E_REMOTE, errno, "reading memory of PID %d at %#llx",
				  (int)r->pid, (unsigned long long)addr);
	}
}
