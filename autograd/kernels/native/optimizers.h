/* A step of an optimizer, in place. */
#ifndef GLASS_OPTIMIZERS_H
#define GLASS_OPTIMIZERS_H
#include <stdint.h>

/* momentum, dampening: `keep` and `add` = 1 - dampening; the buffer may be NULL. */
typedef struct {
    double lr, keep, add, decay;
    int nesterov, maximize, first;
} Sgd;
/* rate = lr / (1 - beta1^t), root = sqrt(1 - beta2^t), add1 and add2 = 1 - beta; `shrink` is what decoupled decay
   leaves of the parameter; `top` may be NULL. */
typedef struct {
    double rate, root, eps, beta2, add1, add2, decay, shrink;
    int maximize;
} Adam;

#define OPTIMIZERS(F) \
    F(int, sgd, (const Sgd *o, int64_t n, void *p, const void *g, void *buffer)) \
    F(int, adam, (const Adam *o, int64_t n, void *p, const void *g, void *m, void *v, void *top))
#endif
