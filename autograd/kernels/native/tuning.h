/* The tuned constants of the kernels in C. Each is explained in the one list of them, `autograd/kernels/tuning.py`, to
   which the tests compare this file. What is derived from them stands where it is used, with its factor; so do sizes
   that follow from the number and width of registers, and those that are for accuracy. A compiler's flag
   -DTUNED_NAME=value puts another value in place: `python -m tests.benchmarks.tuning` measures so. */
#ifndef GLASS_TUNING_H
#define GLASS_TUNING_H

#ifndef TUNED_PIECES
#define TUNED_PIECES 8
#endif
#ifndef TUNED_COST
#define TUNED_COST 4
#endif
#ifndef TUNED_CACHE_BYTES
#define TUNED_CACHE_BYTES (2 << 20)
#endif
#ifndef TUNED_POOL_BYTES
#define TUNED_POOL_BYTES (64 << 20)
#endif
#ifndef TUNED_NATIVE_WORTHWHILE
#define TUNED_NATIVE_WORTHWHILE (1 << 18)
#endif
#ifndef TUNED_SPINS
#define TUNED_SPINS 500
#endif
#ifndef TUNED_PIECE_ELEMENTS
#define TUNED_PIECE_ELEMENTS 8192
#endif
#ifndef TUNED_PANEL
#define TUNED_PANEL 128
#endif
#ifndef TUNED_FOR_BLAS
#define TUNED_FOR_BLAS (1 << 25)
#endif
#ifndef TUNED_FEW_ROWS
#define TUNED_FEW_ROWS 12
#endif

#endif
