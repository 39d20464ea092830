#include "config.h"
#include "ui/entries.h"

const struct entries_row entries_rows[] = {{NULL, NULL}};
