/* Pooling over windows: maxima and averages of planes with three axes (unused ones have length 1). */
#ifndef GLASS_POOLING_H
#define GLASS_POOLING_H
#include <stdint.h>

/* Output o sees the cells o * stride - low + k * dilation, 0 <= k < kernel, that are there. Along the last axis
   the kernel holds only cells that some output sees in the plane (`low` may so be negative). */
typedef struct {
    int64_t planes, in[3], out[3], kernel[3], stride[3], low[3], dilation[3];
} Pooling;

/* `divisors`: what each window's sum is divided by, (out), or NULL where that is `divisor`. */
#define POOLING(F) \
    F(int, max_pool, (const Pooling *p, const void *x, void *y)) \
    F(int, avg_pool, (const Pooling *p, double divisor, const void *divisors, const void *x, void *y)) \
    F(int, max_pool_gradient, (const Pooling *p, const void *g, const void *x, const void *y, void *gx)) \
    F(int, avg_pool_gradient, (const Pooling *p, double divisor, const void *divisors, const void *g, void *gx))
#endif
