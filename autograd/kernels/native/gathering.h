/* Sums of the rows of a matrix that belong together. */
#ifndef GLASS_GATHERING_H
#define GLASS_GATHERING_H
#include <stdint.h>

/* out (rows, width) is the sum of those x (count, width) whose index, from -rows to rows - 1, says so; else 0. */
typedef struct {
    int64_t count, rows, width;
} Rows;
#define GATHERING(F) F(int, add_rows, (const Rows *p, const void *x, const int64_t *index, void *out))
#endif
