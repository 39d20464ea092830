#include "config.h"
#include "pool.h"

#include <errno.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/unit/test.h"

/* cmocka would go on with the next test here, in the child: have it print why, and abort. */
static void become_part(pid_t parent)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(99);
	setenv("CMOCKA_TEST_ABORT", "1", 1);
	setrlimit(RLIMIT_CORE, &(struct rlimit){0});
}

static size_t reap_one(void)
{
	int status = 0;

	while (wait(&status) < 0)
		if (errno != EINTR)
			return 1;
	return status != 0;
}

size_t pool_run(size_t n, size_t at_once, bool (*work)(void *arg, size_t i), void *arg)
{
	return pool_run_while(n, at_once, work, arg, NULL);
}

size_t pool_run_while(size_t n, size_t at_once, bool (*work)(void *arg, size_t i), void *arg,
		      bool (*is_over)(void))
{
	pid_t parent = getpid();
	size_t running = 0, failed = 0;

	for (size_t i = 0; i < n && !(is_over && is_over()); i++) {
		pid_t pid;

		if (running == at_once) {
			failed += reap_one();
			running--;
		}
		fflush(NULL);
		pid = fork();
		if (pid == 0) {
			bool fine;

			become_part(parent);
			fine = work(arg, i);
			fflush(stdout);
			_exit(fine ? 0 : 1);
		}
		assert_true(pid > 0);
		running++;
	}
	for (; running; running--)
		failed += reap_one();
	return failed;
}
