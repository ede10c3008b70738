/* Kernels for x86-64 processors with AVX-512: 32 registers of 64 bytes. */
#include "isa.h"
#if defined(__x86_64__)
#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx512f,avx512vl,avx512dq,avx512bw,avx2,fma"))), apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target("avx512f,avx512vl,avx512dq,avx512bw,avx2,fma,prefer-vector-width=512")
#endif
#define ISA avx512
#define BYTES 64
#define TILE_M 8
#define TILE_V 3

#define T float
#define TI int32_t
#define VL 16
#define LANES 16
#include "template.inc"

#define T double
#define TI int64_t
#define VL 8
#define LANES 8
#include "template.inc"

#if defined(__clang__)
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif
#endif
