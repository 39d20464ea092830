#include "config.h"
#include "output/jsonl_holding.h"

#include "util/num.h"

static void put_refcounts(struct jsonw *j, const struct holding *h)
{
	if (!num_known(h->refcounts.min)) {
		jsonw_null(j, "refcounts");
		return;
	}
	jsonw_object(j, "refcounts");
	jsonw_int(j, "min", h->refcounts.min);
	jsonw_int(j, "median", h->refcounts.median);
	jsonw_int(j, "max", h->refcounts.max);
	jsonw_int(j, "explained", h->refcounts.explained);
	jsonw_object_end(j);
}

/* Values of keys are data of the target's: they stay out of files. */
static void put_holders(struct jsonw *j, const struct holding *h)
{
	jsonw_array(j, "holders");
	for (size_t i = 0; i < h->n_paths; i++) {
		const struct holding_path *p = &h->paths[i];

		jsonw_object(j, NULL);
		jsonw_string(j, "path", p->path);
		jsonw_string(j, "root", p->root[0] ? p->root : NULL);
		jsonw_string(j, "container", p->container[0] ? p->container : NULL);
		jsonw_int(j, "length", p->length);
		jsonw_real(j, "length_rate", p->length_rate);
		jsonw_real(j, "share", p->share);
		jsonw_real(j, "low", p->low);
		jsonw_real(j, "high", p->high);
		jsonw_int(j, "samples", (int64_t)p->samples);
		jsonw_int(j, "newest", (int64_t)p->newest);
		jsonw_object_end(j);
	}
	jsonw_array_end(j);
}

static void put_cycles(struct jsonw *j, const struct holding *h)
{
	jsonw_array(j, "cycles");
	for (size_t i = 0; i < h->n_cycles; i++) {
		const struct holding_cycle *c = &h->cycles[i];

		jsonw_object(j, NULL);
		jsonw_array(j, "types");
		for (size_t k = 0; k < c->n; k++)
			jsonw_string(j, NULL, c->types[k]);
		jsonw_array_end(j);
		jsonw_array(j, "attributes");
		for (size_t k = 0; k < c->n; k++)
			jsonw_string(j, NULL, c->attributes[k]);
		jsonw_array_end(j);
		jsonw_int(j, "instances", c->instances);
		jsonw_int(j, "samples", (int64_t)c->samples);
		jsonw_time(j, "since", c->since);
		jsonw_object_end(j);
	}
	jsonw_array_end(j);
}

/* Of one of the objects. Names only here, too; of what is shared nothing would go with it. */
static void put_keeps(struct jsonw *j, const struct holding_inside *in)
{
	if (in->n == 0) {
		jsonw_null(j, "keeps");
		return;
	}
	jsonw_object(j, "keeps");
	jsonw_int(j, "bytes", in->bytes);
	jsonw_bool(j, "complete", !in->incomplete);
	jsonw_int(j, "untold", (int64_t)in->untold);
	jsonw_array(j, "parts");
	for (size_t i = 0; i < in->n; i++) {
		const struct holding_part *p = &in->parts[i];

		jsonw_object(j, NULL);
		jsonw_int(j, "depth", p->depth);
		jsonw_string(j, "name", p->depth ? p->name : NULL);
		jsonw_string(j, "type", p->type);
		jsonw_int(j, "bytes", p->shared ? LT_UNKNOWN : p->bytes);
		jsonw_int(j, "length", p->length);
		jsonw_bool(j, "shared", p->shared);
		jsonw_object_end(j);
	}
	jsonw_array_end(j);
	jsonw_object_end(j);
}

static void put_search(struct jsonw *j, const struct holding *h)
{
	jsonw_object(j, "search");
	jsonw_time(j, "t", h->t);
	jsonw_int(j, "instances", h->instances);
	jsonw_int(j, "sampled", (int64_t)h->sampled);
	jsonw_int(j, "newest", (int64_t)h->newest);
	jsonw_int(j, "newest_cyclic", (int64_t)h->newest_cyclic);
	jsonw_int(j, "freed", (int64_t)h->freed);
	jsonw_int(j, "no_path", (int64_t)h->no_path);
	jsonw_int(j, "c_only", (int64_t)h->c_only);
	jsonw_bool(j, "complete", !h->incomplete);
	jsonw_int(j, "time_us", h->time_ns / 1000);
	jsonw_int(j, "cpu_us", h->cpu_ns / 1000);
	jsonw_object_end(j);
}

void jsonl_holding_put(struct jsonw *j, const struct holding *h)
{
	if (!h || h->code != LT_OK) {
		jsonw_null(j, "refcounts");
		jsonw_null(j, "holders");
		jsonw_null(j, "cycles");
		jsonw_null(j, "keeps");
		jsonw_null(j, "search");
		return;
	}
	put_refcounts(j, h);
	put_holders(j, h);
	put_cycles(j, h);
	put_keeps(j, &h->inside);
	put_search(j, h);
}

void jsonl_holding_put_growing(struct jsonw *j, const struct growing *g)
{
	jsonw_array(j, "containers");
	for (size_t i = 0; g && i < g->n; i++) {
		const struct growing_container *c = &g->list[i];

		jsonw_object(j, NULL);
		jsonw_string(j, "path", c->path);
		jsonw_string(j, "root", c->root[0] ? c->root : NULL);
		jsonw_string(j, "container", c->type);
		jsonw_int(j, "length", c->length);
		jsonw_int(j, "length_delta", c->length_delta);
		jsonw_real(j, "length_rate", c->length_rate);
		jsonw_object_end(j);
	}
	jsonw_array_end(j);
}
