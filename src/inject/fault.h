/*
 * The steps of a borrowing at which leaktop may be killed, by name. LEAKTOP_FAULT=NAME in the
 * environment makes the borrower die there by SIGKILL (NAME:3: when it comes there for the third
 * time; NAME! or NAME:3!: and leaktop with it; NAME>4242: instead, process 4242 gets SIGUSR1, once
 * of each borrower; several with commas between): the harm tests walk this list and prove that the
 * target does not care (I2).
 */
#ifndef LT_INJECT_FAULT_H
#define LT_INJECT_FAULT_H

#define FAULT_POINTS(X) \
	X(SEIZED) X(INTERRUPTED) X(STOPPED) X(JUDGED) X(SAVED) X(MASKED) X(FRAMED) X(ENTERED) \
	X(CHAINED) \
	X(RUNNING) X(RETURNED) X(SKIPPED) X(MAPPED) X(CODED) X(FILLED) X(CALLED) X(UNMAPPED) \
	X(PARKED) X(UNMASKED) X(RESTORED) X(DETACHED) X(TAKEN) X(SIGNED) X(SLICED) X(UNLINKED) \
	X(NOTED) X(CALLED_OFF) X(COLLECTED) X(ENDED)

enum fault_point {
#define X(name) FAULT_##name,
	FAULT_POINTS(X)
#undef X
	FAULT_COUNT
};

const char *fault_name(enum fault_point point);
void fault_at(enum fault_point point);

#endif
