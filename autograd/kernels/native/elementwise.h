/* Functions of each element by itself. */
#ifndef GLASS_ELEMENTWISE_H
#define GLASS_ELEMENTWISE_H
#include <stdint.h>

/* y = f(x). p and q are the function's constants, unused by most. */
#define UNARY(F) \
    F(relu) F(leaky_relu) F(elu) F(sigmoid) F(log_sigmoid) F(softplus) F(silu) F(mish) F(gelu) F(gelu_tanh) \
    F(hardsigmoid) F(hardswish) F(erf) F(sin) F(cos)

/* gx = g f'(x), where the second argument is x, or y = f(x) for the functions said to be by y. */
#define BINARY(F) \
    F(relu_gradient)                 /* by y */ \
    F(leaky_relu_gradient) F(elu_gradient) \
    F(sigmoid_gradient)              /* by y */ \
    F(tanh_gradient)                 /* by y */ \
    F(softplus_gradient) F(silu_gradient) F(mish_gradient) F(gelu_gradient) F(gelu_tanh_gradient) \
    F(hardsigmoid_gradient) F(hardswish_gradient)

#define NUMBER(name) ELEMENTWISE_##name,
enum { UNARY(NUMBER) UNARY_COUNT, BINARY(NUMBER) BINARY_END };
#undef NUMBER

#define ELEMENTWISE(F) \
    F(int, unary, (int which, int64_t n, double p, double q, const void *x, void *y)) \
    F(int, binary, (int which, int64_t n, double p, double q, const void *g, const void *x, void *gx))
#endif
