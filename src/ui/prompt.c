#include "config.h"
#include "ui/prompt.h"

#include <stdio.h>
#include <string.h>

#include "ui/keys.h"

void prompt_begin(struct prompt *p, const char *label, const char *text)
{
	snprintf(p->label, sizeof(p->label), "%s", label);
	snprintf(p->text, sizeof(p->text), "%s", text);
}

static void delete_last(struct prompt *p)
{
	size_t n = strlen(p->text);

	while (n > 0 && ((unsigned char)p->text[n - 1] & 0xc0) == 0x80)
		n--;
	p->text[n > 0 ? n - 1 : 0] = '\0';
}

static size_t encode(unsigned code, char *ret)
{
	static const unsigned char lead[] = {0, 0, 0xc0, 0xe0, 0xf0};
	size_t len = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;

	for (size_t i = len; i-- > 1; code >>= 6)
		ret[i] = (char)(0x80 | (code & 0x3f));
	ret[0] = (char)(lead[len] | code);
	return len;
}

static void append(struct prompt *p, int key)
{
	size_t n = strlen(p->text);
	char one[4];
	size_t len;

	if (key < 0x20 || (key >= 0x7f && key < 0xa0) || key >= UI_KEY_BACKSPACE)
		return;
	len = encode((unsigned)key, one);
	if (n + len >= sizeof(p->text))
		return;
	memcpy(p->text + n, one, len);
	p->text[n + len] = '\0';
}

enum prompt_result prompt_key(struct prompt *p, int key)
{
	switch (key) {
	case UI_KEY_ENTER:
		return PROMPT_ACCEPTED;
	case UI_KEY_ESC:
		return PROMPT_CANCELLED;
	case UI_KEY_BACKSPACE:
		delete_last(p);
		return PROMPT_EDITED;
	case KEYS_CTRL('U'):
		p->text[0] = '\0';
		return PROMPT_EDITED;
	default:
		append(p, key);
		return PROMPT_EDITED;
	}
}

void prompt_draw(const struct prompt *p, struct canvas *c, int row)
{
	int at;

	canvas_blank(c, row, 0, c->cols, ATTR_PLAIN);
	at = canvas_put(c, row, 0, c->cols, ATTR_LABEL, p->label);
	at += canvas_put_tail(c, row, at, c->cols - 1 - at, ATTR_PLAIN, p->text);
	c->cursor_row = row;
	c->cursor_col = at;
	c->cursor_shown = true;
}
