/*
 * What a cell means; term.c alone decides how that looks. No meaning is carried by colour: on a
 * screen without colours each still differs by bold, reverse or the text itself.
 */
#ifndef LT_UI_ATTR_H
#define LT_UI_ATTR_H

/* X(id, what wears it) */
#define ATTRS(X) \
	X(PLAIN, "figures and names") \
	X(LABEL, "what a figure is called") \
	X(TITLE, "the program's name, the title of a screen") \
	X(HEAD, "the table's head") \
	X(HEAD_SORT, "the head of the column that is sorted by") \
	X(LEAK, "the verdict leak, the word alone") \
	X(SUSPECT, "the verdict suspect") \
	X(GROW, "the verdict growing") \
	X(HOLD, "the verdict hold") \
	X(CALM, "the verdicts churn and shrink") \
	X(TAGGED, "a tagged row") \
	X(CURSOR, "the selected row") \
	X(CURSOR_STRONG, "leak or suspect in the selected row") \
	X(NOTICE, "a state to know about: paused, order held") \
	X(ALERT, "a state to act on: target ended, no count") \
	X(KEY, "the key bar and key names") \
	X(MENU, "a list laid over the screen")

enum attr {
#define X(id, who) ATTR_##id,
	ATTRS(X)
#undef X
	ATTR_COUNT_OF
};

#endif
