/*
 * host LIBRARY HOME [MODE]: a program that is no Python and loads one as a plugin, as uwsgi and gdb
 * do, each in its own way with threads. Says "ready" when Python is at work; goes on until its
 * stdin ends, then says "right". Every Python statement checks its own result.
 */
#include "config.h"

#include <dlfcn.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "util/mem.h"

#define API(X) \
	X(void, Py_InitializeEx, (int)) \
	X(void, Py_Finalize, (void)) \
	X(int, PyRun_SimpleString, (const char *)) \
	X(void *, PyEval_SaveThread, (void)) \
	X(void *, PyInterpreterState_Head, (void)) \
	X(void *, PyThreadState_New, (void *)) \
	X(void *, PyThreadState_Swap, (void *)) \
	X(int, PyGILState_Ensure, (void)) \
	X(void, PyGILState_Release, (int))

static struct {
#define X(ret, name, args) ret (*name) args;
	API(X)
#undef X
} py;

static bool over;			/* for the other thread */

static void say(const char *text)
{
	if (write(1, text, strlen(text)) < 0)
		exit(1);
}

static void run(const char *code)
{
	if (py.PyRun_SimpleString(code) != 0)
		exit(1);		/* it has said why on stderr */
}

static void work(void)
{
	run("assert work(200) == 10000\n");
}

static void begin(void)
{
	py.Py_InitializeEx(0);
	run("class Kept(object): pass\n"
	    "kept = [Kept() for i in range(5000)]\n"
	    "def work(n):\n"
	    "    total = 0\n"
	    "    for i in range(n):\n"
	    "        ring = [Kept() for k in range(50)]\n"
	    "        ring[0].ring = ring\n"
	    "        total += len(ring)\n"
	    "    return total\n");
	work();
}

static bool is_over(void)
{
	struct pollfd in = {.fd = 0, .events = POLLIN};

	return poll(&in, 1, 0) != 0;
}

static void wait_until_over(void)
{
	char c;

	while (read(0, &c, 1) > 0)
		;
}

/* ---- modes ------------------------------------------------------------------------------- */

/* uwsgi without --enable-threads: blocked in C, and never gives the GIL away. */
static void held(void)
{
	begin();
	say("ready\n");
	wait_until_over();
	work();
	py.Py_Finalize();
}

/* A second thread state on the same thread, as a host has them that switches fibers. */
static void swapped(void)
{
	void *first;

	begin();
	first = py.PyThreadState_Swap(py.PyThreadState_New(py.PyInterpreterState_Head()));
	work();
	say("ready\n");
	wait_until_over();
	work();
	py.PyThreadState_Swap(first);
	work();
	py.Py_Finalize();
}

static void swapped_busy(void)
{
	void *first;

	begin();
	first = py.PyThreadState_Swap(py.PyThreadState_New(py.PyInterpreterState_Head()));
	say("ready\n");
	while (!is_over())
		work();
	py.PyThreadState_Swap(first);
	work();
	py.Py_Finalize();
}

/* The whole of Python in a thread that is not the main one. */
static void *python_thread(void *arg)
{
	begin();
	say("ready\n");
	while (!__atomic_load_n(&over, __ATOMIC_ACQUIRE))
		work();
	py.Py_Finalize();
	return arg;
}

static void elsewhere(void)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, python_thread, NULL) != 0)
		exit(1);
	wait_until_over();
	__atomic_store_n(&over, true, __ATOMIC_RELEASE);
	pthread_join(thread, NULL);
}

static void elsewhere_busy(void)
{
	volatile unsigned long n = 0;
	pthread_t thread;

	if (pthread_create(&thread, NULL, python_thread, NULL) != 0)
		exit(1);
	do {
		for (int i = 0; i < 10000000; i++)
			n = n + 1;
	} while (!is_over());
	__atomic_store_n(&over, true, __ATOMIC_RELEASE);
	pthread_join(thread, NULL);
}

/* Initialized in a thread that ends; then the main one runs Python, and nobody reads notes. */
static void *starter(void *arg)
{
	begin();
	py.PyEval_SaveThread();
	return arg;
}

static int take_over(void)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, starter, NULL) != 0)
		exit(1);
	pthread_join(thread, NULL);
	return py.PyGILState_Ensure();
}

static void handed(void)
{
	int state = take_over();

	say("ready\n");
	run("import sys\nsys.stdin.read()\n");
	work();
	py.PyGILState_Release(state);
}

static void handed_busy(void)
{
	int state = take_over();

	say("ready\n");
	while (!is_over())
		work();
	py.PyGILState_Release(state);
}

/* One interpreter after the other. */
static void again(void)
{
	say("ready\n");
	do {
		begin();
		run("import time\ntime.sleep(0.1)\n");
		work();
		py.Py_Finalize();
	} while (!is_over());
}

static const struct { const char *name; void (*run)(void); } modes[] = {
	{"held", held}, {"swapped", swapped}, {"swapped-busy", swapped_busy},
	{"elsewhere", elsewhere}, {"elsewhere-busy", elsewhere_busy},
	{"handed", handed}, {"handed-busy", handed_busy}, {"again", again},
};

static bool load(const char *path)
{
	void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);

	if (!library) {
		fprintf(stderr, "%s\n", dlerror());
		return false;
	}
#define X(ret, name, args) *(void **)&py.name = dlsym(library, #name);
	API(X)
#undef X
	return py.Py_InitializeEx != NULL;
}

int main(int argc, char **argv)
{
	const char *mode = argc > 3 ? argv[3] : "held";

	if (argc < 3 || setenv("PYTHONHOME", argv[2], 1) != 0)
		return 2;
	if (!load(argv[1]))
		return 1;
	for (size_t i = 0; i < COUNT_OF(modes); i++) {
		if (strcmp(modes[i].name, mode) != 0)
			continue;
		modes[i].run();
		say("right\n");
		return 0;
	}
	return 2;
}
