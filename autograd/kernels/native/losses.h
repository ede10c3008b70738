/* Softmax along an axis, and what is made of it. */
#ifndef GLASS_LOSSES_H
#define GLASS_LOSSES_H
#include <stdint.h>

/* Arrays are (samples, n, run), and the axis of n is the one that sums to 1: rows where run is 1, else columns. */
typedef struct {
    int64_t samples, n, run;
} Simplex;
/* What is wanted of a row or column: its class, unless that is `ignored`; a factor for each class, or NULL. */
typedef struct {
    const int64_t *classes;
    const void *weight;
    int64_t ignored;
} Wanted;

/* `share` is one factor for each row or column, or NULL where it is `factor`. `total` is the sum of all losses. */
#define LOSSES(F) \
    F(int, softmax, (const Simplex *s, const void *x, void *y)) \
    F(int, softmax_gradient, (const Simplex *s, const void *g, const void *y, void *gx)) \
    F(int, log_softmax, (const Simplex *s, const void *x, void *y)) \
    F(int, log_softmax_gradient, (const Simplex *s, const void *g, const void *y, void *gx)) \
    F(int, cross_entropy, (const Simplex *s, const Wanted *wanted, const void *x, void *p, void *losses, double *total)) \
    F(int, cross_entropy_gradient, (const Simplex *s, const Wanted *wanted, double factor, const void *share, const void *p, void *gx))
#endif
