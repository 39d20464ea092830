#include "config.h"
#include "calls.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <poll.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/file.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/prctl.h>
#include <sys/select.h>
#include <sys/sem.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tests/unit/test.h"
#include "util/mem.h"

#ifndef SYS_epoll_pwait2
#define SYS_epoll_pwait2 441	/* Linux 5.11, on every CPU */
#endif

#define TIMEOUT_NS (CALLS_TIMEOUT_MS * 1000000L)

static const struct timespec timeout = {0, TIMEOUT_NS};

/* ---- scenes ----------------------------------------------------------------------------- */

static void make_nothing(struct scene *s)
{
}

static void make_pipe(struct scene *s)
{
	int fds[2];

	assert_int_equal(pipe(fds), 0);
	s->near = fds[0];
	s->far = fds[1];
}

static void make_sockets(struct scene *s)
{
	int fds[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	s->near = fds[0];
	s->far = fds[1];
}

static void set_timeout(int fd, int option)
{
	struct timeval tv = {0, TIMEOUT_NS / 1000};

	assert_int_equal(setsockopt(fd, SOL_SOCKET, option, &tv, sizeof(tv)), 0);
}

static void make_sockets_timed(struct scene *s)
{
	make_sockets(s);
	set_timeout(s->near, SO_RCVTIMEO);
	set_timeout(s->near, SO_SNDTIMEO);
}

/* Writes until nothing more fits. */
static void stuff(int fd)
{
	static const char bytes[4096];
	int flags = fcntl(fd, F_GETFL);

	assert_int_equal(fcntl(fd, F_SETFL, flags | O_NONBLOCK), 0);
	for (size_t n = sizeof(bytes); n > 0; n /= 2)
		while (write(fd, bytes, n) > 0)
			;
	assert_int_equal(fcntl(fd, F_SETFL, flags), 0);
}

static void make_full_pipe(struct scene *s)
{
	make_pipe(s);
	stuff(s->far);
	int near = s->near;

	s->near = s->far;
	s->far = near;
}

static void make_full_sockets(struct scene *s)
{
	make_sockets(s);
	stuff(s->near);
}

static void make_full_sockets_timed(struct scene *s)
{
	make_sockets_timed(s);
	stuff(s->near);
}

static void make_epoll(struct scene *s)
{
	struct epoll_event event = {.events = EPOLLIN};

	make_pipe(s);
	s->epoll = epoll_create1(0);
	assert_int_equal(epoll_ctl(s->epoll, EPOLL_CTL_ADD, s->near, &event), 0);
}

/* An address that the kernel chooses: an abstract name, nothing in the file system. */
static int listen_somewhere(void)
{
	struct sockaddr_un any = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	assert_int_equal(bind(fd, (struct sockaddr *)&any, sizeof(any.sun_family)), 0);
	assert_int_equal(listen(fd, 0), 0);
	return fd;
}

static long connect_to(int fd, int listener)
{
	struct sockaddr_un name;
	socklen_t n = sizeof(name);

	if (getsockname(listener, (struct sockaddr *)&name, &n) < 0)
		return -1;
	return connect(fd, (struct sockaddr *)&name, n);
}

static void make_listener(struct scene *s)
{
	s->near = listen_somewhere();
	s->far = socket(AF_UNIX, SOCK_STREAM, 0);
}

static void make_listener_timed(struct scene *s)
{
	make_listener(s);
	set_timeout(s->near, SO_RCVTIMEO);
}

/* One connection waits already, so the victim's must wait for an accept. */
static void make_full_listener(struct scene *s)
{
	s->far = listen_somewhere();
	s->epoll = socket(AF_UNIX, SOCK_STREAM, 0);
	assert_int_equal(connect_to(s->epoll, s->far), 0);
	s->near = socket(AF_UNIX, SOCK_STREAM, 0);
}

static void make_semaphore(struct scene *s)
{
	s->id = semget(IPC_PRIVATE, 1, 0600);
	assert_true(s->id >= 0);
}

static void make_queue(struct scene *s)
{
	s->id = msgget(IPC_PRIVATE, 0600);
	assert_true(s->id >= 0);
}

struct message {
	long type;
	char text[1024];
};

static void make_full_queue(struct scene *s)
{
	const struct message m = {.type = 1};

	make_queue(s);
	while (msgsnd(s->id, &m, sizeof(m.text), IPC_NOWAIT) == 0)
		;
}

/* Two open files of one inode: the test holds the lock through far. */
static void make_file(struct scene *s)
{
	char path[32];

	s->far = memfd_create("leaktop-harm", 0);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", s->far);
	s->near = open(path, O_RDWR);
	assert_true(s->near >= 0);
}

static void make_flock(struct scene *s)
{
	make_file(s);
	assert_int_equal(flock(s->far, LOCK_EX), 0);
}

static struct flock whole_file(short type)
{
	return (struct flock){.l_type = type, .l_whence = SEEK_SET};
}

static void make_fcntl_lock(struct scene *s)
{
	struct flock lock = whole_file(F_WRLCK);

	make_file(s);
	assert_int_equal(fcntl(s->far, F_SETLK, &lock), 0);
}

void calls_clean(struct scene *s)
{
	const int fds[] = {s->near, s->far, s->epoll};

	for (size_t i = 0; i < COUNT_OF(fds); i++)
		if (fds[i] > 0)
			close(fds[i]);
	if (s->id > 0 || s->id == 0) {		/* an id of the wrong kind is refused */
		(void)semctl(s->id, 0, IPC_RMID);
		(void)msgctl(s->id, IPC_RMID, NULL);
	}
}

/* ---- releases ---------------------------------------------------------------------------- */

static void give_byte(struct scene *s)
{
	assert_int_equal(write(s->far, "x", 1), 1);
}

static void take_all(struct scene *s)
{
	char bytes[4096];

	fcntl(s->far, F_SETFL, O_NONBLOCK);
	while (read(s->far, bytes, sizeof(bytes)) > 0)
		;
}

static void join_listener(struct scene *s)
{
	assert_int_equal(connect_to(s->far, s->near), 0);
}

static void accept_one(struct scene *s)
{
	int fd = accept(s->far, NULL, NULL);

	assert_true(fd >= 0);
	close(fd);
}

static void post_semaphore(struct scene *s)
{
	struct sembuf up = {.sem_op = 1};

	assert_int_equal(semop(s->id, &up, 1), 0);
}

static void send_message(struct scene *s)
{
	const struct message m = {.type = 1};

	assert_int_equal(msgsnd(s->id, &m, 8, IPC_NOWAIT), 0);
}

static void receive_messages(struct scene *s)
{
	struct message m;

	while (msgrcv(s->id, &m, sizeof(m.text), 0, IPC_NOWAIT) > 0)
		;
}

static void wake_futex(struct scene *s)
{
	__atomic_store_n(&s->futex, 1, __ATOMIC_SEQ_CST);
	syscall(SYS_futex, &s->futex, FUTEX_WAKE, 1, NULL, NULL, 0);
}

static void unlock_flock(struct scene *s)
{
	assert_int_equal(flock(s->far, LOCK_UN), 0);
}

static void unlock_fcntl(struct scene *s)
{
	struct flock lock = whole_file(F_UNLCK);

	assert_int_equal(fcntl(s->far, F_SETLK, &lock), 0);
}

static void send_awaited(struct scene *s)
{
	assert_int_equal(kill(s->victim, SIGUSR2), 0);
}

/* ---- the calls -------------------------------------------------------------------------- */

static char byte;
static struct iovec one_byte = {&byte, 1};

static long do_read(struct scene *s) { return read(s->near, &byte, 1); }
static long do_readv(struct scene *s) { return readv(s->near, &one_byte, 1); }
static long do_write(struct scene *s) { return write(s->near, "x", 1); }
static long do_writev(struct scene *s) { return writev(s->near, &one_byte, 1); }
static long do_recv(struct scene *s) { return recv(s->near, &byte, 1, 0); }
static long do_send(struct scene *s) { return send(s->near, "x", 1, MSG_NOSIGNAL); }
static long do_accept(struct scene *s) { return accept(s->near, NULL, NULL); }
static long do_accept4(struct scene *s) { return accept4(s->near, NULL, NULL, SOCK_CLOEXEC); }
static long do_connect(struct scene *s) { return connect_to(s->near, s->far); }
static long do_pause(struct scene *s) { return pause(); }
static long do_flock(struct scene *s) { return flock(s->near, LOCK_EX); }

static long do_recvmsg(struct scene *s)
{
	struct msghdr m = {.msg_iov = &one_byte, .msg_iovlen = 1};

	return recvmsg(s->near, &m, 0);
}

static long do_sendmsg(struct scene *s)
{
	struct msghdr m = {.msg_iov = &one_byte, .msg_iovlen = 1};

	return sendmsg(s->near, &m, MSG_NOSIGNAL);
}

static long do_recvmmsg(struct scene *s)
{
	struct mmsghdr m = {.msg_hdr = {.msg_iov = &one_byte, .msg_iovlen = 1}};

	return recvmmsg(s->near, &m, 1, 0, NULL);
}

static long poll_for(struct scene *s, int ms)
{
	struct pollfd p = {.fd = s->near, .events = POLLIN};

	return poll(&p, 1, ms);
}

static long do_poll(struct scene *s) { return poll_for(s, -1); }
static long do_poll_timed(struct scene *s) { return poll_for(s, CALLS_TIMEOUT_MS); }

static sigset_t some_mask(void)
{
	sigset_t mask;

	sigemptyset(&mask);
	sigaddset(&mask, SIGUSR2);
	return mask;
}

static long ppoll_for(struct scene *s, const struct timespec *ts)
{
	struct pollfd p = {.fd = s->near, .events = POLLIN};
	sigset_t mask = some_mask();

	return ppoll(&p, 1, ts, &mask);
}

static long do_ppoll(struct scene *s) { return ppoll_for(s, NULL); }
static long do_ppoll_timed(struct scene *s) { return ppoll_for(s, &timeout); }

static long select_for(struct scene *s, bool timed)
{
	struct timeval tv = {0, TIMEOUT_NS / 1000};
	fd_set set;

	FD_ZERO(&set);
	FD_SET(s->near, &set);
#ifdef SYS_select	/* new C libraries call pselect6 instead */
	return syscall(SYS_select, s->near + 1, &set, NULL, NULL, timed ? &tv : NULL);
#else
	return select(s->near + 1, &set, NULL, NULL, timed ? &tv : NULL);
#endif
}

static long do_select(struct scene *s) { return select_for(s, false); }
static long do_select_timed(struct scene *s) { return select_for(s, true); }

static long pselect_for(struct scene *s, const struct timespec *ts)
{
	sigset_t mask = some_mask();
	fd_set set;

	FD_ZERO(&set);
	FD_SET(s->near, &set);
	return pselect(s->near + 1, &set, NULL, NULL, ts, &mask);
}

static long do_pselect(struct scene *s) { return pselect_for(s, NULL); }
static long do_pselect_timed(struct scene *s) { return pselect_for(s, &timeout); }

static long epoll_for(struct scene *s, int ms, const sigset_t *mask)
{
	struct epoll_event event;

	return epoll_pwait(s->epoll, &event, 1, ms, mask);
}

static long do_epoll_wait(struct scene *s)
{
	struct epoll_event event;

	return epoll_wait(s->epoll, &event, 1, -1);
}

static long do_epoll_wait_timed(struct scene *s)
{
	struct epoll_event event;

	return epoll_wait(s->epoll, &event, 1, CALLS_TIMEOUT_MS);
}

static long do_epoll_pwait(struct scene *s)
{
	sigset_t mask = some_mask();

	return epoll_for(s, -1, &mask);
}

static long do_epoll_pwait_timed(struct scene *s)
{
	sigset_t mask = some_mask();

	return epoll_for(s, CALLS_TIMEOUT_MS, &mask);
}

/* Not by the C library's function, which 2.31 does not have. */
static long do_epoll_pwait2(struct scene *s)
{
	struct epoll_event event;

	return syscall(SYS_epoll_pwait2, s->epoll, &event, 1, NULL, NULL, 0);
}

static long do_epoll_pwait2_timed(struct scene *s)
{
	struct epoll_event event;

	return syscall(SYS_epoll_pwait2, s->epoll, &event, 1, &timeout, NULL, 0);
}

/* A child that ends when it reads a byte; 1 for "it was that child". */
static long wait_for_child(struct scene *s, bool by_id)
{
	pid_t victim = getpid(), child = fork();
	siginfo_t info = {0};
	long ret;

	if (child == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() != victim)	/* it was killed before that */
			_exit(1);
		_exit(read(s->near, &byte, 1) == 1 ? 0 : 1);
	}
	if (!by_id)
		ret = wait4(child, NULL, 0, NULL);
	else
		ret = waitid(P_PID, (id_t)child, &info, WEXITED) == 0 ? info.si_pid : -1;
	return ret == child ? 1 : ret;
}

static long do_wait4(struct scene *s) { return wait_for_child(s, false); }
static long do_waitid(struct scene *s) { return wait_for_child(s, true); }

static long do_nanosleep(struct scene *s)
{
	return syscall(SYS_nanosleep, &timeout, NULL);
}

static long do_clock_nanosleep(struct scene *s)
{
	return syscall(SYS_clock_nanosleep, CLOCK_MONOTONIC, 0, &timeout, NULL);
}

static struct timespec deadline(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	ts.tv_nsec += TIMEOUT_NS;
	ts.tv_sec += ts.tv_nsec / 1000000000;
	ts.tv_nsec %= 1000000000;
	return ts;
}

static long do_clock_nanosleep_until(struct scene *s)
{
	struct timespec until = deadline();

	return syscall(SYS_clock_nanosleep, CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL);
}

static long sigwait_for(const struct timespec *ts)
{
	sigset_t awaited = some_mask();

	sigprocmask(SIG_BLOCK, &awaited, NULL);
	return sigtimedwait(&awaited, NULL, ts);
}

static long do_sigwait(struct scene *s) { return sigwait_for(NULL); }
static long do_sigtimedwait(struct scene *s) { return sigwait_for(&timeout); }

static long do_semop(struct scene *s)
{
	struct sembuf down = {.sem_op = -1};

	return semop(s->id, &down, 1);
}

static long do_semtimedop(struct scene *s)
{
	struct sembuf down = {.sem_op = -1};

	return semtimedop(s->id, &down, 1, &timeout);
}

static long do_msgrcv(struct scene *s)
{
	struct message m;

	return msgrcv(s->id, &m, sizeof(m.text), 0, 0);
}

static long do_msgsnd(struct scene *s)
{
	const struct message m = {.type = 1};

	return msgsnd(s->id, &m, sizeof(m.text), 0);
}

static long futex_until(struct scene *s, const struct timespec *until)
{
	return syscall(SYS_futex, &s->futex, FUTEX_WAIT_BITSET, 0, until, NULL, -1);
}

static long do_futex(struct scene *s) { return futex_until(s, NULL); }

static long do_futex_timed(struct scene *s)
{
	struct timespec until = deadline();

	return futex_until(s, &until);
}

static long do_fcntl_lock(struct scene *s)
{
	struct flock lock = whole_file(F_WRLCK);

	return fcntl(s->near, F_SETLKW, &lock);
}

const struct call_case calls[] = {
	{"read", make_pipe, do_read, give_byte, EXACT},
	{"readv", make_pipe, do_readv, give_byte, EXACT},
	{"write to a full pipe", make_full_pipe, do_write, take_all, EXACT},
	{"writev to a full pipe", make_full_pipe, do_writev, take_all, EXACT},
	{"recv", make_sockets, do_recv, give_byte, EXACT},
	{"recv with SO_RCVTIMEO", make_sockets_timed, do_recv, NULL, AGAIN},
	{"recvmsg", make_sockets, do_recvmsg, give_byte, EXACT},
	{"recvmsg with SO_RCVTIMEO", make_sockets_timed, do_recvmsg, NULL, AGAIN},
	{"recvmmsg", make_sockets, do_recvmmsg, give_byte, EXACT},
	{"recvmmsg with SO_RCVTIMEO", make_sockets_timed, do_recvmmsg, NULL, AGAIN},
	{"send to a full socket", make_full_sockets, do_send, take_all, EXACT},
	{"send with SO_SNDTIMEO", make_full_sockets_timed, do_send, NULL, AGAIN},
	{"sendmsg to a full socket", make_full_sockets, do_sendmsg, take_all, EXACT},
	{"poll", make_pipe, do_poll, give_byte, BLOCK},	/* also without one: fs/select.c */
	{"poll with a timeout", make_pipe, do_poll_timed, NULL, BLOCK},
	{"ppoll", make_pipe, do_ppoll, give_byte, EXACT},
	{"ppoll with a timeout", make_pipe, do_ppoll_timed, NULL, EXACT},
	{"select", make_pipe, do_select, give_byte, EXACT},
	{"select with a timeout", make_pipe, do_select_timed, NULL, EXACT},
	{"pselect6", make_pipe, do_pselect, give_byte, EXACT},
	{"pselect6 with a timeout", make_pipe, do_pselect_timed, NULL, EXACT},
	{"epoll_wait", make_epoll, do_epoll_wait, give_byte, EXACT},
	{"epoll_wait with a timeout", make_epoll, do_epoll_wait_timed, NULL, AGAIN},
	{"epoll_pwait", make_epoll, do_epoll_pwait, give_byte, EXACT},
	{"epoll_pwait with a timeout", make_epoll, do_epoll_pwait_timed, NULL, AGAIN},
	{"epoll_pwait2", make_epoll, do_epoll_pwait2, give_byte, EXACT},
	{"epoll_pwait2 with a timeout", make_epoll, do_epoll_pwait2_timed, NULL, AGAIN},
	{"accept", make_listener, do_accept, join_listener, EXACT},
	{"accept with SO_RCVTIMEO", make_listener_timed, do_accept, NULL, AGAIN},
	{"accept4", make_listener, do_accept4, join_listener, EXACT},
	{"connect to a full listener", make_full_listener, do_connect, accept_one, EXACT},
	{"wait4", make_pipe, do_wait4, give_byte, EXACT},
	{"waitid", make_pipe, do_waitid, give_byte, EXACT},
	{"nanosleep", make_nothing, do_nanosleep, NULL, BLOCK},
	{"clock_nanosleep", make_nothing, do_clock_nanosleep, NULL, BLOCK},
	{"clock_nanosleep until", make_nothing, do_clock_nanosleep_until, NULL, EXACT},
	{"pause", make_nothing, do_pause, send_awaited, EXACT},
	{"sigwaitinfo", make_nothing, do_sigwait, send_awaited, EXACT},
	{"sigtimedwait", make_nothing, do_sigtimedwait, NULL, AGAIN},
	{"semop", make_semaphore, do_semop, post_semaphore, EXACT},
	{"semtimedop", make_semaphore, do_semtimedop, NULL, AGAIN},
	{"msgrcv", make_queue, do_msgrcv, send_message, EXACT},
	{"msgsnd to a full queue", make_full_queue, do_msgsnd, receive_messages, EXACT},
	{"futex bitset", make_nothing, do_futex, wake_futex, EXACT},
	{"futex bitset with a timeout", make_nothing, do_futex_timed, NULL, BLOCK},
	{"flock", make_flock, do_flock, unlock_flock, EXACT},
	{"fcntl lock", make_fcntl_lock, do_fcntl_lock, unlock_fcntl, EXACT},
};
const size_t calls_n = COUNT_OF(calls);
