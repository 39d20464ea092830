#include "config.h"

#include "target/typehead.h"

#define SIZE_MOST (1u << 15)	/* more than any basicsize */

/* Its metatype is type, or something that says of itself to be a subclass of it. */
static bool is_metatype(const struct python *py, uint64_t type)
{
	uint64_t flags;

	return type == py->sym.type_type ||
	       (type && type % 8 == 0 && type < TYPEHEAD_USER_END &&
		remote_u64(&py->remote, type + (uint64_t)py->layout->tp_flags, &flags) &&
		(flags & TYPE_TYPE) && (flags & TYPE_READY));
}

bool typehead_possible(uint64_t type)
{
	return type % 8 == 0 && type >= 0x10000 && type < TYPEHEAD_USER_END;
}

bool typehead_read(const struct python *py, uint64_t type, struct typehead *ret)
{
	const struct layout *l = py->layout;

	if (!remote_read(&py->remote, type, ret->bytes, sizeof(ret->bytes)))
		return false;
	ret->flags = typehead_word(ret->bytes, l->tp_flags);
	ret->name_at = typehead_word(ret->bytes, l->tp_name);
	ret->basic = typehead_word(ret->bytes, l->tp_basicsize);
	ret->item = typehead_word(ret->bytes, l->tp_itemsize);
	if (!(ret->flags & TYPE_READY) || ret->basic < 16 || ret->basic >= SIZE_MOST ||
	    ret->item >= SIZE_MOST || !ret->name_at || ret->name_at >= TYPEHEAD_USER_END ||
	    !is_metatype(py, typehead_word(ret->bytes, l->ob_type)))
		return false;
	ret->least = ret->basic;
	if (type == py->sym.unicode_type && l->unicode_state != LAYOUT_NONE)
		ret->least = (uint64_t)l->unicode_ascii_data;
	ret->before = (ret->flags & TYPE_GC ? (uint32_t)l->gc_head_size : 0) +
		      (ret->flags & l->managed_flags ? l->managed_size : 0);
	return true;
}
