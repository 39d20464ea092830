#include "config.h"
#include "test.h"

#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/sched.h>
#include <linux/seccomp.h>

#include "test_proc_child.h"

#define NOBODY 65534

static int64_t own_rss(void)
{
	long size, resident = -1;
	FILE *f = fopen("/proc/self/statm", "re");

	if (!f || fscanf(f, "%ld %ld", &size, &resident) != 2)
		resident = -1;
	if (f)
		fclose(f);
	return (int64_t)resident * sysconf(_SC_PAGESIZE);
}

static void on_hangup(int sig)
{
}

static void take_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGUSR2, SIG_IGN);
	signal(SIGHUP, on_hangup);
}

static void touch_memory(void)
{
	char *p = mmap(NULL, CHILD_MAPPED_BYTES, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		_exit(3);
	memset(p, 1, CHILD_MAPPED_BYTES);
}

/* The child's life: nothing but reads and writes, so that strict seccomp lets it go on. */
static void obey(int orders, int answers)
{
	char order;

	while (read(orders, &order, 1) == 1) {
		int64_t answer = 0;

		if (order == CHILD_MAP)
			touch_memory();
		if (order == CHILD_SIGNALS)
			take_signals();
		if (order == CHILD_TRACED) {
			ptrace(PTRACE_TRACEME, 0, NULL, NULL);
			raise(SIGSTOP);
		}
		if (order == CHILD_SECCOMP)
			answer = prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT, 0, 0, 0) == 0;
		else
			answer = own_rss();
		if (write(answers, &answer, sizeof(answer)) != sizeof(answer))
			break;
	}
	_exit(0);
}

struct child child_begin(const char *comm)
{
	int orders[2], answers[2];
	struct child c;

	assert_int_equal(pipe(orders), 0);
	assert_int_equal(pipe(answers), 0);
	c.pid = fork();
	assert_true(c.pid >= 0);
	if (c.pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (comm)
			prctl(PR_SET_NAME, comm);
		close(orders[1]);
		close(answers[0]);
		(void)!write(answers[1], &(int64_t){0}, sizeof(int64_t));
		obey(orders[0], answers[1]);
	}
	c.blocked_fd = orders[0];
	c.order_fd = orders[1];
	c.answer_fd = answers[0];
	close(orders[0]);
	close(answers[1]);
	assert_int_equal(child_answer(&c), 0);	/* it has its name now */
	return c;
}

void child_end(struct child *c)
{
	if (c->pid <= 0)
		return;
	kill(c->pid, SIGKILL);
	waitpid(c->pid, NULL, 0);
	close(c->order_fd);
	close(c->answer_fd);
	c->pid = 0;
}

void child_tell(struct child *c, enum child_order order)
{
	char byte = (char)order;

	assert_int_equal(write(c->order_fd, &byte, 1), 1);
}

int64_t child_answer(struct child *c)
{
	int64_t answer;

	assert_int_equal(read(c->answer_fd, &answer, sizeof(answer)), sizeof(answer));
	return answer;
}

void child_stop(struct child *c)
{
	int status;

	kill(c->pid, SIGSTOP);
	assert_int_equal(waitpid(c->pid, &status, WUNTRACED), c->pid);
	assert_true(WIFSTOPPED(status));
}

void child_make_zombie(struct child *c)
{
	siginfo_t info;

	kill(c->pid, SIGKILL);
	assert_int_equal(waitid(P_PID, (id_t)c->pid, &info, WEXITED | WNOWAIT), 0);
}

/* clone3 with set_tid: Linux 5.5 and CAP_SYS_ADMIN. */
bool child_rebirth(struct child *c)
{
	pid_t pid = c->pid;
	struct clone_args args = {
		.exit_signal = SIGCHLD, .set_tid = (uintptr_t)&pid, .set_tid_size = 1,
	};
	long reborn;

	kill(c->pid, SIGKILL);
	waitpid(c->pid, NULL, 0);
	reborn = syscall(SYS_clone3, &args, sizeof(args));
	if (reborn == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			pause();
	}
	if (reborn != pid) {
		close(c->order_fd);
		close(c->answer_fd);
		c->pid = 0;
	}
	return reborn == pid;
}

int child_as_nobody(int (*check)(void *arg), void *arg)
{
	int status;
	pid_t pid = fork();

	if (pid == 0)
		_exit(geteuid() == 0 && setuid(NOBODY) != 0 ? 99 : check(arg));
	if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status) ||
	    WEXITSTATUS(status) == 99)
		return -1;
	return WEXITSTATUS(status);
}
