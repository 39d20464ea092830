/*
 * To which block of memory an address belongs: a block of pymalloc in use, or (told by the
 * C heap's reader) a chunk of malloc; and which object is in it.
 */
#ifndef LT_HOLDERS_BLOCKS_H
#define LT_HOLDERS_BLOCKS_H

#include <stdbool.h>
#include <stdint.h>

#include "holders/typebook.h"
#include "target/arenas.h"

struct block {
	uint64_t start, size;
	uint64_t object;		/* 0: none is recognised in it */
	const struct typed *typed;	/* its type */
	const unsigned char *bytes;	/* n of its bytes; borrowed during the call that tells it */
	size_t n;
};

enum blocks_found { BLOCKS_OUTSIDE, BLOCKS_FREE, BLOCKS_IN_USE };

struct blocks {			/* the pool looked at last; addresses in order are fast */
	const struct python *py;
	const struct arenas *arenas;	/* NULL: there are none */
	struct typebook *book;
	uint64_t pool_at;		/* 0: none */
	bool pool_ok;
	struct pool pool;
	unsigned char *bytes;		/* owned: of the pool */
	uint64_t free_bits[POOL_BLOCKS_MAX / 64];
};

void blocks_init(struct blocks *b, const struct python *py, const struct arenas *arenas,
		 struct typebook *book);
void blocks_done(struct blocks *b);
/* What was read is old. */
void blocks_forget(struct blocks *b);

/* Of pymalloc. Only for BLOCKS_IN_USE is *ret filled. */
enum blocks_found blocks_find(struct blocks *b, uint64_t addr, struct block *ret);
/* A chunk of malloc, the first n bytes of which are at hand. */
void blocks_chunk(struct blocks *b, uint64_t start, uint64_t size, const void *head, size_t n,
		  struct block *ret);
/* Every block in use of the pool at addr that was read from there, of which the bytes are given. */
typedef void blocks_each(void *arg, const struct block *block);
void blocks_of_pool(struct blocks *b, uint64_t addr, const unsigned char *bytes, blocks_each *each,
		    void *arg);

#endif
