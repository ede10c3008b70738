/* Correlation (what networks call convolution) and its two adjoints. */
#ifndef GLASS_CORRELATION_H
#define GLASS_CORRELATION_H
#include <stdint.h>

/* y = x * w: x (n, groups·c, *in), w (groups·o, c, *kernel), y (n, groups·o, *out), all in C order. There are
   always three spatial axes d, h, w; unused ones have length 1, stride 1 and nothing padded. Tap k of output p
   looks at input p·stride + k·dilation − low; outside of the image there are zeros. */
typedef struct {
    int64_t n, groups, c, o;
    int64_t in[3], out[3], kernel[3], stride[3], low[3], dilation[3];
} Geometry;

#define CORRELATION(F) \
    F(int, correlate, (const Geometry *g, const void *x, const void *w, const void *bias, void *y)) \
    F(int, correlate_input, (const Geometry *g, const void *y, const void *w, void *x)) \
    F(int, correlate_weight, (const Geometry *g, const void *x, const void *y, void *w)) \
    F(int, depthwise, (const Geometry *g, const void *x, const void *w, const void *bias, void *y)) \
    F(int, depthwise_input, (const Geometry *g, const void *y, const void *w, void *x)) \
    F(int, depthwise_weight, (const Geometry *g, const void *x, const void *y, void *w))

#endif
