#include "config.h"
#include "fixture.h"

#include "../unit/test.h"

#include <math.h>

#include "util/mem.h"
#include "util/num.h"

struct plan {
	const char *name;
	int64_t count, bytes, count_delta, bytes_delta;
	double rate, grew_ago_s;
	enum ratchet_word word;
};

static const struct plan plans[FIXTURE_ROWS] = {
	{"app.net.Connection", 48213, 3145728, 12680, 811008, 16.67, 4, RATCHET_LEAK},
	{"bytearray", 48390, 103179878, 12680, 27052933, 16.67, 4, RATCHET_LEAK},
	{"app.cache.Entry", 8122, 2516582, 402, 98304, 0.517, 12, RATCHET_GROWING},
	{"dict", 391204, 101711872, 93, 325632, 0.01, 95, RATCHET_GROWING},
	{"app.tmpl.Node", 31004, 7444889, 9210, 2202010, 0, 360, RATCHET_HOLD},
	{"function", 52940, 7969178, 1311, 209920, 0, 660, RATCHET_HOLD},
	{"tuple", 210443, 14889779, -87, -6144, -0.117, 2, RATCHET_CHURN},
	{"str", 6120900, 64277709, 3, 1024, 0, 3, RATCHET_FLAT},
	{"django.db.models.fields.related_descriptors.ReverseManyToOneDescriptor", 1204, 99328,
	 0, 0, 0, NAN, RATCHET_FLAT},
	{"서버.연결", 77, 4096, 0, 0, 0, NAN, RATCHET_FLAT},
	{"cell", 9771, 400384, 0, 0, 0, NAN, RATCHET_FLAT},
	{"method", 18220, 1258291, 0, 0, 0, NAN, RATCHET_FLAT},
	{"module", 12345678, 99328, LT_UNKNOWN, LT_UNKNOWN, NAN, NAN, RATCHET_FLAT},
	{"weakref.ReferenceType", 21118, 1572864, 0, 0, 0, NAN, RATCHET_FLAT},
};

static const struct ratchet_reason reasons[RATCHET_WORDS_OF] = {
	[RATCHET_LEAK] = {.epochs = 16, .records = 14, .full = 12, .bend = 1.02f, .rest_s = 42},
	[RATCHET_GROWING] = {.note = RATCHET_SLOWING, .epochs = 16, .records = 6, .bend = 0.4f},
};

static void fill_verdict(struct outcome *v)
{
	v->word = RATCHET_LEAK;
	v->leaking = true;
	v->cause = CAUSE_OBJECTS;
	v->n[RATCHET_LEAK] = 2;
	v->n[RATCHET_GROWING] = 2;
	v->n[RATCHET_HOLD] = 2;
	v->n[RATCHET_CHURN] = 1;
	v->n[RATCHET_FLAT] = 410;
	v->leak_groups = 1;
	v->leak_bytes = 27863941;
}

static void fill_row(struct fixture *f, size_t i)
{
	const struct plan *plan = &plans[i];
	int64_t delta = num_known(plan->count_delta) ? plan->count_delta : 0;

	f->rows[i] = (struct snapshot_row){
		.id = (uint32_t)(100 + i), .name = plan->name, .count = plan->count,
		.bytes = plan->bytes, .count_delta = plan->count_delta,
		.bytes_delta = plan->bytes_delta, .rate = plan->rate,
		.grew_ago_s = plan->grew_ago_s, .word = plan->word,
		.quiet_s = plan->grew_ago_s, .reason = reasons[plan->word],
		.head = (uint32_t)(i == 1 ? 100 : 100 + i), .group_n = i < 2 ? 2 : 1,
		.flat = plan->count_delta == 0, .trend = {f->cells[i], SERIES_CELLS, 10},
	};
	for (int k = 0; k < SERIES_CELLS; k++)
		f->cells[i][k] = plan->count - delta * (SERIES_CELLS - 1 - k) / (SERIES_CELLS - 1);
}

static void fill_gc(struct snapshot *s)
{
	s->gc.enabled = 1;
	s->gc.frozen = 0;
	s->gc.garbage = 0;
	s->gc.gen[0] = (struct sample_generation){.count = 312, .threshold = 700};
	s->gc.gen[1] = (struct sample_generation){.count = 4, .threshold = 10};
	s->gc.gen[2] = (struct sample_generation){.count = 7, .threshold = 10, .collections = 1841};
	s->gc_full_since_base = 12;
	s->gc_full_ago_s = 9;
	s->objects = 1734220;
	s->cost = (struct sample_cost){.stops = 1, .stopped_us = 900, .pause_us = 1240};
	s->cost_total = (struct sample_cost){.stops = 381, .stopped_us = 90000, .pause_us = 3400,
					     .longest_us = 2100};
	s->cost_share = 0.004;
}

static void fill_memory(struct fixture *f)
{
	struct snapshot *s = &f->snap;

	s->memory = (struct sample_memory){.rss = 851863142, .vsz = 1288490188, .pss = 839909376,
					   .uss = 834876211, .swap = 0, .limit = 1073741824,
					   .threads = 18};
	s->memory_delta = (struct sample_memory){.rss = 40055603, .vsz = 0, .pss = 39950745,
						 .uss = 39950745, .swap = 0, .limit = 0,
						 .threads = 0};
	s->rss_rate = 52429;
	s->rss_goes_on = true;
	s->ledger.now = (struct sample_ledger){681574400, 54525952, 62914560, 12582912, 9437184,
					       2097152, 28730982};
	s->ledger.delta = (struct sample_ledger){34603008, 0, 5242880, 209715, 0, 0, 0};
	for (size_t i = 0; i < SAMPLE_LEDGER_BUCKETS; i++)
		s->ledger.rate[i] = i == 0 ? 45000 : i == 2 ? 7000 : 0;
	s->way = (struct sample_way){.scan = true, .explained = 0.98};
	for (int k = 0; k < SERIES_CELLS; k++) {
		f->memory[0][k] = s->memory.rss - 40055603LL * (63 - k) / 63;
		f->memory[1][k] = s->memory.pss - 39950745LL * (63 - k) / 63;
		f->memory[2][k] = 736100352 - 34603008LL * (63 - k) / 63;
		f->memory[3][k] = 115762790 - 5452595LL * (63 - k) / 63;
	}
	s->rss = (struct series_view){f->memory[0], SERIES_CELLS, 10};
	s->pss = (struct series_view){f->memory[1], SERIES_CELLS, 10};
	s->pyheap = (struct series_view){f->memory[2], SERIES_CELLS, 10};
	s->native = (struct series_view){f->memory[3], SERIES_CELLS, 10};
}

void fixture_init(struct fixture *f, bool ascii)
{
	struct snapshot *s = &f->snap;

	memset(f, 0, sizeof(*f));
	setenv("TZ", "UTC", 1);
	f->target = (struct sample_target){.pid = 4242, .python = "3.12.1",
					   .start_wall_s = FIXTURE_NOW - 273600,
					   .attach_wall_s = FIXTURE_NOW - 761};
	snprintf(f->target.command, sizeof(f->target.command),
		 "/usr/bin/python3 -u /srv/api/app.py --port 8080");
	s->target = &f->target;
	s->t = FIXTURE_NOW - 1;
	s->base_t = FIXTURE_NOW - 761;
	s->seq = s->samples = 381;
	s->census = true;
	s->census_t = s->t;
	s->n_types = s->n_listed = 417;
	s->n_flat = 403;
	fill_verdict(&s->verdict);
	s->filter = "";
	fill_memory(f);
	fill_gc(s);
	for (size_t i = 0; i < FIXTURE_ROWS; i++)
		fill_row(f, i);
	s->rows = f->rows;
	s->n_rows = FIXTURE_ROWS;
	f->canvas.ascii = ascii;
	f->screen = screen_new(&(struct screen_options){.delay_s = 2, .ascii = ascii});
}

void fixture_done(struct fixture *f)
{
	screen_free(f->screen);
	canvas_done(&f->canvas);
	buf_done(&f->text);
}

void fixture_draw(struct fixture *f, int rows, int cols)
{
	canvas_reset(&f->canvas, rows, cols);
	screen_draw(f->screen, &f->snap, FIXTURE_NOW, false, &f->canvas);
}

enum ui_ask fixture_key(struct fixture *f, int key)
{
	screen_key(f->screen, key, &f->request);
	fixture_draw(f, f->canvas.rows, f->canvas.cols);
	return f->request.ask;
}

void fixture_type(struct fixture *f, const char *keys)
{
	for (; *keys; keys++)
		(void)fixture_key(f, (unsigned char)*keys);
}

const char *fixture_row(struct fixture *f, int row)
{
	buf_clear(&f->text);
	canvas_text(&f->canvas, row, &f->text);
	return buf_text(&f->text);
}

int fixture_find(struct fixture *f, const char *text)
{
	for (int row = 0; row < f->canvas.rows; row++)
		if (strstr(fixture_row(f, row), text))
			return row;
	return -1;
}

void fixture_expect(struct fixture *f, int from, const char *const *rows, size_t n)
{
	size_t wrong = n;

	for (size_t i = n; i-- > 0;)
		if (strcmp(fixture_row(f, from + (int)i), rows[i]) != 0)
			wrong = i;
	if (wrong == n)
		return;
	for (int row = 0; row < f->canvas.rows; row++)
		printf("# |%s\n", fixture_row(f, row));
	printf("# row %d should be\n# |%s\n", from + (int)wrong, rows[wrong]);
	fflush(stdout);
	fail();
}
