#include "config.h"
#include "inject/priority.h"

#include <errno.h>
#include <sched.h>
#include <sys/resource.h>
#include <unistd.h>

#include "proc/status.h"
#include "util/num.h"

#define CAP_SYS_NICE_BIT 23	/* linux/capability.h */
#define IDLE 20			/* SCHED_IDLE is behind nice 19 */
#define QUOTA_LEAST_US 40000
#define PAUSE_MOST_US 10000

/* -20 to 19, or IDLE; of one that is gone, the last. */
static int nice_of(pid_t pid)
{
	int nice, policy = sched_getscheduler(pid);

	if (policy >= 0 && (policy & ~SCHED_RESET_ON_FORK) == SCHED_IDLE)
		return IDLE;
	errno = 0;
	nice = getpriority(PRIO_PROCESS, (id_t)pid);
	return errno ? IDLE : nice;
}

/* kernel/sched/syscalls.c, can_nice(): RLIMIT_NICE counts from 1 for nice 19 to 40 for -20. */
static bool may_take(int nice)
{
	struct rlimit most;
	struct status self;

	if (getrlimit(RLIMIT_NICE, &most) == 0 && most.rlim_cur >= (rlim_t)(20 - nice))
		return true;
	return status_read(getpid(), 0, &self, NULL) == LT_OK &&
	       (self.cap_effective >> CAP_SYS_NICE_BIT & 1);
}

/*
 * A scan in steps of 10 ms beside a walk uses up a small quota, and the thread that the walk has
 * stopped waits for the next period: 64 ms of 100 where 10 are allowed, 59 where 30 are, none where
 * 50 are.
 */
static bool stands_still(const struct status_cpu *limit)
{
	return num_known(limit->quota_us) && limit->quota_us < QUOTA_LEAST_US &&
	       limit->period_us - limit->quota_us > PAUSE_MOST_US;
}

enum lt_errc priority_ask(pid_t pid, struct lt_err *err)
{
	int theirs = nice_of(pid), ours = nice_of(0);
	struct status_cpu limit = status_cpu_limit(getpid(), pid);

	if (stands_still(&limit))
		return lt_err_set(err, LT_E_CPU_LIMIT, 0, "%lld ms of each %lld ms",
				  (long long)limit.quota_us / 1000,
				  (long long)limit.period_us / 1000);
	if (ours <= theirs || may_take(theirs))
		return LT_OK;
	return lt_err_set(err, LT_E_NICE, 0, "nice %d, PID %d has %d", ours, (int)pid, theirs);
}

bool priority_take(pid_t pid)
{
	static const struct sched_param none = {0};
	int theirs = nice_of(pid), ours = nice_of(0);

	if (ours <= theirs)
		return true;
	if (ours == IDLE && sched_setscheduler(0, SCHED_OTHER, &none) < 0)
		return false;
	return setpriority(PRIO_PROCESS, 0, theirs) == 0;
}
