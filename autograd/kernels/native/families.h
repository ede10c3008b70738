/* The families of functions for Python, one line each; `module.c` adds them to the module. */
#ifndef GLASS_FAMILIES_H
#define GLASS_FAMILIES_H
#include "arrays.h"

#define METHOD_TABLES(F) \
    F(correlation_methods) \
    F(matrix_methods) \
    F(plain_methods) \
    F(elementwise_methods) \
    F(pooling_methods) \
    F(normalization_methods) \
    F(losses_methods) \
    F(gathering_methods) \
    F(optimizers_methods)

#define DECLARE(table) extern PyMethodDef table[];
METHOD_TABLES(DECLARE)
#undef DECLARE

#endif
