/* Products of matrices. */
#ifndef GLASS_MATRIX_H
#define GLASS_MATRIX_H
#include <stdint.h>

/* c (m, n) = a (m, k) b (k, n) + bias (n,) or NULL. Steps of a and b in elements, for rows and columns; c's
   rows are `cm` apart and have no gaps. */
typedef struct {
    int64_t m, n, k, am, ak, bk, bn, cm;
} Product;

#define MATRIX(F) \
    F(int, matmul, (const Product *p, const void *a, const void *b, const void *bias, void *c))

#endif
