/* Kernels for x86-64 processors with AVX2 and FMA: 16 registers of 32 bytes. */
#include "isa.h"
#if defined(__x86_64__)
#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target("avx2,fma")
#endif
#define ISA avx2
#define BYTES 32
#define TILE_M 4
#define TILE_V 3

#define T float
#define TI int32_t
#define VL 8
#define LANES 8
#include "template.inc"

#define T double
#define TI int64_t
#define VL 4
#define LANES 4
#include "template.inc"

#if defined(__clang__)
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif
#endif
