/* Normalisation to mean 0 and variance 1, of rows and of channels. */
#ifndef GLASS_NORMALIZATION_H
#define GLASS_NORMALIZATION_H
#include <stdint.h>

/* Rows: x is (samples, groups, cells, run); every row of `cells * run` numbers has statistics (samples, groups) of its
   own, parameters are (groups, cells). Layer norm has one group and runs of 1, instance norm one cell.
   Channels: x is (samples, cells, run), statistics and parameters are (cells). */
typedef struct {
    int64_t samples, groups, cells, run;
    double eps;
    int centred; /* rows: the mean is taken off; else it counts as 0 */
} Norm;

/* Parameters may be NULL; then `gw` and `gb` of rows are (samples, groups), of channels (cells) as ever. */
#define NORMALIZATION(F) \
    F(int, norm_rows, (const Norm *p, const void *x, const void *w, const void *b, void *y, void *mean, void *rstd, void *variance)) \
    F(int, norm_rows_gradient, (const Norm *p, const void *g, const void *x, const void *w, const void *mean, const void *rstd, void *gx, void *gw, void *gb)) \
    F(int, norm_channels, (const Norm *p, const void *x, const void *w, const void *b, void *y, void *mean, void *rstd, void *variance)) \
    F(int, channel_sums, (const Norm *p, const void *x, void *sums)) \
    F(int, norm_channels_gradient, (const Norm *p, const void *g, const void *x, const void *w, const void *mean, const void *rstd, void *gx, void *gw, void *gb))
#endif
