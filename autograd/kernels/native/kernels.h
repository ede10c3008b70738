/* The table of kernels: one for each type and instruction set, all filled from the same source.

   A family of kernels is a list F(result, name, (arguments)) in its header. The list makes the
   table's fields here and its entries in `template.inc`. Kernels take untyped pointers, for the type
   is the table's; their arguments were checked before (`arrays.h`). */
#ifndef GLASS_KERNELS_H
#define GLASS_KERNELS_H
#include "threads.h"
#include "tuning.h"
#include "correlation.h"
#include "matrix.h"
#include "elementwise.h"
#include "pooling.h"
#include "normalization.h"
#include "losses.h"
#include "gathering.h"
#include "optimizers.h"

#define FAMILIES(F) \
    CORRELATION(F) \
    MATRIX(F) \
    ELEMENTWISE(F) \
    POOLING(F) \
    NORMALIZATION(F) \
    LOSSES(F) \
    GATHERING(F) \
    OPTIMIZERS(F)

#define FIELD(result, name, arguments) result (*name) arguments;
typedef struct {
    FAMILIES(FIELD)
} Kernels;

enum { BASE, AVX2, AVX512, SETS };
extern const Kernels table_float_base, table_double_base;
#if defined(__x86_64__)
extern const Kernels table_float_avx2, table_double_avx2, table_float_avx512, table_double_avx512;
#endif

/* For accuracy, not speed: so many terms at most are added up in one number of type T; their sums are added in double, or
   as sums of sums. Of a line each lane of the vectors is such a number, down columns each column is one. */
enum { TERMS_OF_LINE = 8192, TERMS_OF_COLUMN = 1024 };

#define LEAST(a, b) ((a) < (b) ? (a) : (b))
#define GREATEST(a, b) ((a) > (b) ? (a) : (b))

#endif
