/* Softmax of rows, and what is made of it. */
#ifndef GLASS_LOSSES_H
#define GLASS_LOSSES_H
#include <stdint.h>

/* All matrices are (rows, n). `share` is one factor for each row, or NULL where it is `factor`. `total` is the sum of
   the losses of all rows. */
#define LOSSES(F) \
    F(int, softmax, (int64_t rows, int64_t n, const void *x, void *y)) \
    F(int, softmax_gradient, (int64_t rows, int64_t n, const void *g, const void *y, void *gx)) \
    F(int, log_softmax, (int64_t rows, int64_t n, const void *x, void *y)) \
    F(int, log_softmax_gradient, (int64_t rows, int64_t n, const void *g, const void *y, void *gx)) \
    F(int, cross_entropy, (int64_t rows, int64_t n, const void *x, const int64_t *classes, void *p, void *losses, double *total)) \
    F(int, cross_entropy_gradient, (int64_t rows, int64_t n, double factor, const void *share, const void *p, const int64_t *classes, void *gx))
#endif
