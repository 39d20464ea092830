#include "config.h"
#include "ui/rescue.h"

#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "util/mem.h"

/* Made while the terminal is opened: a signal handler may only write and set attributes. */
static struct {
	volatile sig_atomic_t armed;
	pid_t pid;			/* who armed it: a forked child restores nothing */
	int fd;
	struct termios before;
	char bytes[256];
	size_t n_bytes;
} rescue;

static void restore(void)
{
	size_t done = 0;
	pid_t foreground;

	if (!rescue.armed || rescue.pid != getpid())
		return;
	rescue.armed = 0;
	/* In the background the terminal is somebody else's, and touching it would stop us. */
	foreground = tcgetpgrp(rescue.fd);
	if (foreground > 0 && foreground != getpgrp())
		return;
	while (done < rescue.n_bytes) {
		ssize_t n = write(rescue.fd, rescue.bytes + done, rescue.n_bytes - done);

		if (n <= 0)
			break;
		done += (size_t)n;
	}
	(void)tcsetattr(rescue.fd, TCSANOW, &rescue.before);
}

static void on_fatal(int number, siginfo_t *info, void *context);

static struct {
	int number;
	bool fault;			/* caught even over another handler, which is chained */
	bool taken;
	struct sigaction former;
} fatal[] = {
	{.number = SIGSEGV, .fault = true}, {.number = SIGBUS, .fault = true},
	{.number = SIGFPE, .fault = true}, {.number = SIGILL, .fault = true},
	{.number = SIGABRT, .fault = true},
	{.number = SIGINT}, {.number = SIGTERM}, {.number = SIGHUP}, {.number = SIGQUIT},
};

/* A handler that somebody installed over ours since then stays. */
static void release(size_t i)
{
	struct sigaction now;

	if (fatal[i].taken && sigaction(fatal[i].number, NULL, &now) == 0 &&
	    (now.sa_flags & SA_SIGINFO) && now.sa_sigaction == on_fatal)
		(void)sigaction(fatal[i].number, &fatal[i].former, NULL);
	fatal[i].taken = false;
}

/*
 * A fault of our own (si_code > 0) happens again when the handler returns, now with the former
 * disposition and the true address; a signal that was sent must be sent again.
 */
static void on_fatal(int number, siginfo_t *info, void *context)
{
	size_t i = 0;

	restore();
	while (i + 1 < COUNT_OF(fatal) && fatal[i].number != number)
		i++;
	release(i);
	if (!fatal[i].fault || info->si_code <= 0)
		(void)raise(number);
}

/* A stack that has overflowed cannot run the handler: give it one of its own. */
static void own_stack(void)
{
	static char stack[16384];
	stack_t s;

	if (sigaltstack(NULL, &s) == 0 && (s.ss_flags & SS_DISABLE))
		(void)sigaltstack(&(stack_t){.ss_sp = stack, .ss_size = sizeof(stack)}, NULL);
}

void rescue_catch(void)
{
	struct sigaction action = {.sa_sigaction = on_fatal, .sa_flags = SA_SIGINFO | SA_ONSTACK};

	own_stack();
	sigemptyset(&action.sa_mask);
	for (size_t i = 0; i < COUNT_OF(fatal); i++) {
		if (sigaction(fatal[i].number, NULL, &fatal[i].former) != 0)
			continue;
		if (!fatal[i].fault && fatal[i].former.sa_handler != SIG_DFL)
			continue;
		fatal[i].taken = sigaction(fatal[i].number, &action, NULL) == 0;
	}
}

void rescue_release(void)
{
	for (size_t i = 0; i < COUNT_OF(fatal); i++)
		release(i);
	mem_on_exhausted(NULL);
}

/* What is armed. */

void rescue_clear(void)
{
	rescue.n_bytes = 0;
}

/* Padding ("$<5>") is left out: it was for terminals slower than their line. */
void rescue_add(const char *s)
{
	while (*s && rescue.n_bytes < sizeof(rescue.bytes)) {
		if (s[0] == '$' && s[1] == '<' && strchr(s, '>'))
			s = strchr(s, '>') + 1;
		else
			rescue.bytes[rescue.n_bytes++] = *s++;
	}
}

void rescue_arm(int fd, const struct termios *before)
{
	static bool at_exit;

	rescue.fd = fd;
	rescue.before = *before;
	rescue.pid = getpid();
	rescue.armed = 1;
	if (!at_exit)
		at_exit = atexit(restore) == 0;
	mem_on_exhausted(restore);
}

bool rescue_disarm(void)
{
	bool armed = rescue.armed;

	rescue.armed = 0;
	return armed;
}
