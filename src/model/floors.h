/*
 * What a row of floors says: the lowest counts of up to 16 spans of time, oldest first. A robust
 * line through them, how much of the movement is upwards, how often a new floor was set and how
 * straight the way was. Pure arithmetic on a few numbers; the words are made in ratchet.c.
 */
#ifndef LT_MODEL_FLOORS_H
#define LT_MODEL_FLOORS_H

#define FLOORS_MAX 16

struct floors {
	int n;
	double at_s[FLOORS_MAX];	/* when it was counted, about */
	double floor[FLOORS_MAX];	/* objects, from any origin */
};

struct floors_facts {
	double slope;			/* objects per second: median of all slopes (Theil-Sen) */
	double noise;			/* 1.4826 * median |residual|: a standard deviation */
	double gain, fit_gain;		/* last floor minus first; the line's */
	double direction;		/* (rises - falls) / (rises + falls), -1 .. 1; 0 for none */
	double bend;			/* gain of the 2nd half / the 1st: 1 straight, 0 plateau */
	double span_s;			/* from the first to the last */
	double age_s;			/* from the last new floor to the last floor */
	double gap_s;			/* median time between new floors */
	double kept;			/* of the gain up to the last new floor, by all after it */
	int records;			/* floors above all before by more than noise */
};

/* f->n is at least 2. */
void floors_judge(const struct floors *f, struct floors_facts *ret);

/* The median of v, which is put into another order; n is at least 1. */
double floors_median(double *v, int n);

/* Correlation of the rises of two rows at the same times; 0 where one does not move. */
double floors_agree(const struct floors *a, const struct floors *b);

#endif
