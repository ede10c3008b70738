/* Python's side of the products of matrices. */
#include "families.h"

/* matmul(a, b, bias or None, out): a (m, k), b (k, n) of any strides, out (m, n) with rows without gaps. */
FUNCTION(matmul) {
    Array a, b, bias, c;
    (void)module;
    if (!arguments("matmul", n, 4) || !read_array(args[0], "a", STRIDED, FLOATS, 2, &a) ||
        !read_array(args[1], "b", STRIDED, FLOATS, 2, &b) || !read_array(args[2], "bias", OPTIONAL, FLOATS, 1, &bias) ||
        !read_array(args[3], "out", WRITE, FLOATS, 2, &c) || !same_type(&a, &b) || !same_type(&a, &bias) ||
        !same_type(&a, &c))
        return NULL;
    const int64_t inner[] = {a.shape[1], b.shape[1]}, outer[] = {a.shape[0], b.shape[1]};
    if (!has_shape(&b, 2, inner) || !has_shape(&c, 2, outer) || !has_shape(&bias, 1, outer + 1) ||
        !apart(&c, &a, false) || !apart(&c, &b, false) || !apart(&c, &bias, false))
        return NULL;
    int64_t strip;
    if (!times(a.shape[1], 4096, &strip)) return NULL;
    Product p = {a.shape[0], b.shape[1], a.shape[1], a.step[0], a.step[1], b.step[0], b.step[1], b.shape[1]};
    if (b.shape[1] == 1) p.bn = 1;
    if (b.shape[0] == 1) p.bk = p.bn == 1 ? b.shape[1] : 1;
    int failed = 0;
    if (c.size)
        UNLOCKED((double)c.size * (double)p.k, failed = kernels_for(&a)->matmul(&p, a.data, b.data, bias.data, c.data));
    if (failed) return PyErr_NoMemory();
    Py_RETURN_NONE;
}

PyMethodDef matrix_methods[] = {
    METHOD(matmul, "matmul(a, b, bias, out): out = a @ b + bias."),
    {NULL, NULL, 0, NULL},
};
