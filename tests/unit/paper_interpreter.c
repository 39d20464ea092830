/*
 * An interpreter made of paper, on the heap of paper_heap.c: the functions that the helper calls,
 * and what they were called with. Included by the tests of the helper; not a program of its own.
 */
static int ensured, released, queued, queue_result, fake_errno;
static void *thread_state;
static int (*note)(void *);
static void *note_arg;

static int *fake_errno_location(void)
{
	return &fake_errno;
}

static void *fake_this_thread(void)
{
	fake_errno = 1;
	return thread_state;
}

static int fake_ensure(void)
{
	fake_errno = 2;
	return ++ensured;
}

static void fake_release(int state)
{
	released = state;
	fake_errno = 3;
}

static int fake_add_pending(int (*fn)(void *), void *arg)
{
	queued++;
	note = fn;
	note_arg = arg;
	fake_errno = 4;
	return queue_result;
}

static void fake_visit(int (*callback)(void *, void *), void *arg)
{
	for (size_t i = 0; i < used; i++)
		if (!callback(&objects[i].refcnt, arg))
			break;
}

static void set_up_interpreter(void)
{
	struct agent_block *b = &block.b;

	b->fn_errno = addr((void *)(uintptr_t)fake_errno_location);
	b->fn_this_thread = addr((void *)(uintptr_t)fake_this_thread);
	b->fn_ensure = addr((void *)(uintptr_t)fake_ensure);
	b->fn_release = addr((void *)(uintptr_t)fake_release);
	b->fn_add_pending = addr((void *)(uintptr_t)fake_add_pending);
	b->fn_visit = addr((void *)(uintptr_t)fake_visit);
	ensured = released = queued = queue_result = 0;
	fake_errno = EPROTO;
	thread_state = &block;
	note = NULL;
}
