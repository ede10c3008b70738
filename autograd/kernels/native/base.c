/* Kernels for the least processor the compiler was told of: SSE2 on x86-64, NEON on 64-bit ARM. */
#include "isa.h"
#define ISA base
#define BYTES 16
#if defined(__aarch64__)  /* 32 registers */
#define TILE_M 8
#define TILE_V 3
#else
#define TILE_M 4
#define TILE_V 2
#endif

#define T float
#define TI int32_t
#define VL 4
#define LANES 4
#include "template.inc"

#define T double
#define TI int64_t
#define VL 2
#define LANES 2
#include "template.inc"
