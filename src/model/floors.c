#include "config.h"
#include "model/floors.h"

#include <math.h>

#define PAIRS (FLOORS_MAX * (FLOORS_MAX - 1) / 2)
#define MAD_TO_SIGMA 1.4826
#define RECORD_SHARE 0.02	/* of the gain: a smaller rise is no new floor */
#define RECORD_NOISE 0.5

static void swap(double *a, double *b)
{
	double t = *a;

	*a = *b;
	*b = t;
}

/* Puts the k-th smallest at v[k] and none above it before (Hoare). */
static double select_kth(double *v, int n, int k)
{
	int lo = 0, hi = n - 1;

	while (lo < hi) {
		double pivot = v[(lo + hi) / 2];
		int i = lo, j = hi;

		while (i <= j) {
			while (v[i] < pivot)
				i++;
			while (v[j] > pivot)
				j--;
			if (i <= j)
				swap(&v[i++], &v[j--]);
		}
		if (k <= j)
			hi = j;
		else if (k >= i)
			lo = i;
		else
			break;
	}
	return v[k];
}

double floors_median(double *v, int n)
{
	double upper = select_kth(v, n, n / 2), lower = v[0];

	if (n % 2)
		return upper;
	for (int i = 1; i < n / 2; i++)
		lower = fmax(lower, v[i]);
	return (lower + upper) / 2;
}

static double theil_sen(const struct floors *f)
{
	double slopes[PAIRS];
	int n = 0;

	for (int i = 0; i < f->n; i++)
		for (int j = i + 1; j < f->n; j++)
			slopes[n++] = (f->floor[j] - f->floor[i]) / (f->at_s[j] - f->at_s[i]);
	return floors_median(slopes, n);
}

static double noise_of(const struct floors *f, double slope)
{
	double r[FLOORS_MAX], middle;

	for (int i = 0; i < f->n; i++)
		r[i] = f->floor[i] - slope * f->at_s[i];
	middle = floors_median(r, f->n);
	for (int i = 0; i < f->n; i++)
		r[i] = fabs(f->floor[i] - slope * f->at_s[i] - middle);
	return MAD_TO_SIGMA * floors_median(r, f->n);
}

static double direction_of(const struct floors *f)
{
	double up = 0, down = 0;

	for (int i = 1; i < f->n; i++) {
		double step = f->floor[i] - f->floor[i - 1];

		up += fmax(step, 0);
		down += fmax(-step, 0);
	}
	return up + down > 0 ? (up - down) / (up + down) : 0;
}

/* Gain of the second half of the time over that of the first; 99 is all of it in the second. */
static double bend_of(const struct floors *f)
{
	double from = f->at_s[0], to = f->at_s[f->n - 1], middle = (from + to) / 2, half, first;
	int i = 1;

	while (i < f->n - 1 && f->at_s[i] < middle)
		i++;
	half = f->floor[i - 1] + (f->floor[i] - f->floor[i - 1]) *
	       (middle - f->at_s[i - 1]) / (f->at_s[i] - f->at_s[i - 1]);
	first = half - f->floor[0];
	if (first < 1e-9)
		return f->floor[f->n - 1] > half ? 99 : 0;
	return fmin((f->floor[f->n - 1] - half) / first, 99);
}

/* Counts the floors that beat all before them. The first one is none: it beat nothing. */
static void count_records(const struct floors *f, struct floors_facts *ret)
{
	double eps = fmax(1, fmax(RECORD_SHARE * ret->gain, RECORD_NOISE * ret->noise));
	double best = f->floor[0], least = best, last_s = f->at_s[0], gaps[FLOORS_MAX];
	int n = 0;

	for (int i = 1; i < f->n; i++) {
		least = fmin(least, f->floor[i]);
		if (f->floor[i] < best + eps)
			continue;
		least = best = f->floor[i];
		if (n++)
			gaps[n - 2] = f->at_s[i] - last_s;
		last_s = f->at_s[i];
	}
	ret->records = n;
	ret->age_s = f->at_s[f->n - 1] - last_s;
	ret->gap_s = n > 1 ? floors_median(gaps, n - 1) : 0;
	ret->kept = best > f->floor[0] ? (least - f->floor[0]) / (best - f->floor[0]) : 0;
}

void floors_judge(const struct floors *f, struct floors_facts *ret)
{
	ret->slope = theil_sen(f);
	ret->noise = noise_of(f, ret->slope);
	ret->gain = f->floor[f->n - 1] - f->floor[0];
	ret->span_s = f->at_s[f->n - 1] - f->at_s[0];
	ret->fit_gain = ret->slope * ret->span_s;
	ret->direction = direction_of(f);
	ret->bend = bend_of(f);
	count_records(f, ret);
}

double floors_agree(const struct floors *a, const struct floors *b)
{
	int n = (a->n < b->n ? a->n : b->n) - 1;
	double sa = 0, sb = 0, saa = 0, sbb = 0, sab = 0, va, vb;

	for (int i = 0; i < n; i++) {
		double x = a->floor[i + 1] - a->floor[i], y = b->floor[i + 1] - b->floor[i];

		sa += x, sb += y, saa += x * x, sbb += y * y, sab += x * y;
	}
	va = n * saa - sa * sa;
	vb = n * sbb - sb * sb;
	return va > 0 && vb > 0 ? (n * sab - sa * sb) / sqrt(va * vb) : 0;
}
