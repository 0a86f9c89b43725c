// The statuses with which programs end, as shells and other programs know them.

export const EXIT_DONE = 0;

/** The work could not be done. */
export const EXIT_FAILED = 1;

/** The command line was wrong. */
export const EXIT_USAGE = 2;

/** What a shell reports of a program that `^C` has ended: 128 and the number of SIGINT. */
export const EXIT_INTERRUPTED = 130;
