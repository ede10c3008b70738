/* Names and helpers that the sources of kernels share. Included by base.c, avx2.c and avx512.c before they
   turn their instruction set on. */
#ifndef GLASS_ISA_H
#define GLASS_ISA_H
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "kernels.h"

#define INLINE static inline __attribute__((always_inline))
#define UNROLL _Pragma("GCC unroll 32")
#define MAYBE_UNUSED __attribute__((unused))

/* NAME(x) is x_float_avx2 and the like. */
#define JOIN3(a, b, c) a##_##b##_##c
#define JOIN2(a, b, c) JOIN3(a, b, c)
#define NAME(x) JOIN2(x, T, ISA)

/* Lists of LANES numbers f(0) + c, f(1) + c, ... for shuffles. */
#define LANES_2(f, c) f(0) + c, f(1) + c
#define LANES_4(f, c) LANES_2(f, c), f(2) + c, f(3) + c
#define LANES_8(f, c) LANES_4(f, c), f(4) + c, f(5) + c, f(6) + c, f(7) + c
#define LANES_16(f, c) \
    LANES_8(f, c), f(8) + c, f(9) + c, f(10) + c, f(11) + c, f(12) + c, f(13) + c, f(14) + c, f(15) + c
#define LANES_OF2(n, f, c) LANES_##n(f, c)
#define LANES_OF(n, f, c) LANES_OF2(n, f, c)
#define ITSELF(i) (i)
#if defined(__clang__)
#define SHUFFLE(a, b, f, c) __builtin_shufflevector(a, b, LANES_OF(LANES, f, c))
#else
#define SHUFFLE(a, b, f, c) __builtin_shuffle(a, b, (VI){LANES_OF(LANES, f, c)})
#endif

#endif
