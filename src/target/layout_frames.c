#include "config.h"

#include "target/frames.h"
#include "util/mem.h"

/*
 * Computed with offsetof() against the headers of 2.7.18, 3.6.15, 3.7.16, 3.8.18, 3.9.18, 3.10.13,
 * 3.11.7, 3.12.1, 3.13.0, 3.14.10 and 3.15.2, Py_BUILD_CORE, LP64.
 */
#define OBJECT_FRAMES \
	.chain = FRAMES_OBJECTS, .cframe_current = LAYOUT_NONE, \
	.previous = 0x18, .code = 0x20, .owner = LAYOUT_NONE, \
	.frame_own = LAYOUT_NONE, .gen_frame = 0x10, .gen_state = LAYOUT_NONE

#define INLINE_FRAMES \
	.ts_next = 0x8, .frame_own = 0x18, \
	.co_name = 0x78, .co_names = {0x60, LAYOUT_NONE, LAYOUT_NONE}

static const struct frames_layout rows[] = {
	{
		.version_lo = 0x020700f0, .version_hi = 0x0207ffff, OBJECT_FRAMES,
		.ts_next = 0x0, .ts_frame = 0x10, .ts_thread_id = 0x90, .ts_dict = 0x78,
		.locals = 0x178, .co_name = 0x58, .co_names = {0x38, 0x48, 0x40},
	}, {
		.version_lo = 0x030600f0, .version_hi = 0x0306ffff, OBJECT_FRAMES,
		.ts_next = 0x8, .ts_frame = 0x18, .ts_thread_id = 0x98, .ts_dict = 0x80,
		.locals = 0x178, .co_name = 0x68, .co_names = {0x40, 0x50, 0x48},
	}, {
		.version_lo = 0x030700f0, .version_hi = 0x0307ffff, OBJECT_FRAMES,
		.ts_next = 0x8, .ts_frame = 0x18, .ts_thread_id = 0xb0, .ts_dict = 0x98,
		.locals = 0x168, .co_name = 0x68, .co_names = {0x40, 0x50, 0x48},
	}, {
		.version_lo = 0x030800f0, .version_hi = 0x0309ffff, OBJECT_FRAMES,
		.ts_next = 0x8, .ts_frame = 0x18, .ts_thread_id = 0xb0, .ts_dict = 0x98,
		.locals = 0x168, .co_name = 0x70, .co_names = {0x48, 0x58, 0x50},
	}, {
		.version_lo = 0x030a00f0, .version_hi = 0x030affff, OBJECT_FRAMES,
		.ts_next = 0x8, .ts_frame = 0x18, .ts_thread_id = 0xb0, .ts_dict = 0x98,
		.locals = 0x160, .co_name = 0x70, .co_names = {0x48, 0x58, 0x50},
	}, {
		.version_lo = 0x030b00f0, .version_hi = 0x030bffff, INLINE_FRAMES,
		.chain = FRAMES_CFRAME, .ts_frame = 0x38, .cframe_current = 0x8,
		.ts_thread_id = 0x98, .ts_dict = 0x80,
		.code = 0x20, .previous = 0x30, .owner = 0x45, .locals = 0x48,
		.gen_frame = 0x50, .gen_state = 0x4b,
	}, {
		.version_lo = 0x030c00f0, .version_hi = 0x030cffff, INLINE_FRAMES,
		.chain = FRAMES_CFRAME, .ts_frame = 0x38, .cframe_current = 0x0,
		.ts_thread_id = 0x88, .ts_dict = 0x70,
		.code = 0x0, .previous = 0x8, .owner = 0x46, .locals = 0x48,
		.gen_frame = 0x48, .gen_state = 0x43,
	}, {
		.version_lo = 0x030d00f0, .version_hi = 0x030dffff, INLINE_FRAMES,
		.chain = FRAMES_CURRENT, .ts_frame = 0x48, .cframe_current = LAYOUT_NONE,
		.ts_thread_id = 0x98, .ts_dict = 0x80,
		.code = 0x0, .previous = 0x8, .owner = 0x46, .locals = 0x48,
		.gen_frame = 0x48, .gen_state = 0x43,
	}, {
		.version_lo = 0x030e00f0, .version_hi = 0x030effff, INLINE_FRAMES,
		.chain = FRAMES_CURRENT, .ts_frame = 0x48, .cframe_current = LAYOUT_NONE,
		.ts_thread_id = 0x98, .ts_dict = 0x80,
		.code = 0x0, .previous = 0x8, .owner = 0x4a, .locals = 0x50,
		.gen_frame = 0x48, .gen_state = 0x43,
	}, {
		.version_lo = 0x030f00f0, .version_hi = 0x030fffff, INLINE_FRAMES,
		.chain = FRAMES_CURRENT, .ts_frame = 0x48, .cframe_current = LAYOUT_NONE,
		.ts_thread_id = 0xb0, .ts_dict = 0x98,
		.code = 0x0, .previous = 0x8, .owner = 0x4a, .locals = 0x50,
		.gen_frame = 0x48, .gen_state = 0x43,
	},
};

const struct frames_layout *frames_layout(const struct python *py)
{
	for (size_t i = 0; i < COUNT_OF(rows); i++)
		if (py->version_hex >= rows[i].version_lo && py->version_hex <= rows[i].version_hi)
			return &rows[i];
	return NULL;
}
