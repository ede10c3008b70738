/* Python's side of the products of matrices. */
#include "families.h"

/* out = a b + bias, of arrays that were checked. */
static PyObject *multiply(const Array *a, const Array *b, const Array *bias, const Array *c) {
    int64_t strip;
    if (!times(a->shape[1], 4096, &strip)) return NULL;
    Product p = {a->shape[0], b->shape[1], a->shape[1], a->step[0], a->step[1], b->step[0], b->step[1], b->shape[1]};
    if (b->shape[1] == 1) p.bn = 1;
    if (b->shape[0] == 1) p.bk = p.bn == 1 ? b->shape[1] : 1;
    int failed = 0;
    if (c->size)
        UNLOCKED((double)c->size * (double)p.k,
                 failed = kernels_for(a)->matmul(&p, a->data, b->data, bias ? bias->data : NULL, c->data));
    if (failed) return PyErr_NoMemory();
    Py_RETURN_TRUE;
}

static bool fit(const Array *a, const Array *b, const Array *c) {
    const int64_t inner[] = {a->shape[1], b->shape[1]}, outer[] = {a->shape[0], b->shape[1]};
    return same_type(a, b) && same_type(a, c) && has_shape(b, 2, inner) && has_shape(c, 2, outer) && apart(c, a, false) &&
           apart(c, b, false);
}

/* matmul(a, b, bias or None, out): a (m, k), b (k, n) of any strides, out (m, n) with rows without gaps. */
FUNCTION(matmul) {
    Array a, b, bias, c;
    (void)module;
    if (!arguments("matmul", n, 4) || !read_array(args[0], "a", STRIDED, FLOATS, 2, &a) ||
        !read_array(args[1], "b", STRIDED, FLOATS, 2, &b) || !read_array(args[2], "bias", OPTIONAL, FLOATS, 1, &bias) ||
        !read_array(args[3], "out", WRITE, FLOATS, 2, &c) || !same_type(&a, &bias) || !fit(&a, &b, &c) ||
        !has_shape(&bias, 1, c.shape + 1) || !apart(&c, &bias, false))
        return NULL;
    return multiply(&a, &b, &bias, &c);
}

/* Where a BLAS is faster: large products, whose second factor it cuts into blocks for the caches; few rows times a
   factor that we have to turn first; a matrix times a few vectors, too few for ours. Not where there is less to multiply
   than makes a piece. */
static bool is_for_blas(const Array *a, const Array *b) {
    double work = (double)a->shape[0] * (double)a->shape[1] * (double)b->shape[1];
    bool turned = b->step[1] != 1 && b->shape[1] > 1;
    return work > TUNED_FOR_BLAS || (work > TUNED_PIECE_ELEMENTS && (b->shape[1] < 4 || (turned && a->shape[0] < TUNED_FEW_ROWS)));
}

/* matmul_if_faster(a, b, out): whether it was done; False also for arrays that are not for us. */
FUNCTION(matmul_if_faster) {
    Array a, b, c;
    (void)module;
    if (!arguments("matmul_if_faster", n, 3)) return NULL;
    if (read_array(args[0], "a", STRIDED, FLOATS, 2, &a) && read_array(args[1], "b", STRIDED, FLOATS, 2, &b) &&
        read_array(args[2], "out", WRITE, FLOATS, 2, &c) && fit(&a, &b, &c)) {
        if (is_for_blas(&a, &b)) Py_RETURN_FALSE;
        return multiply(&a, &b, NULL, &c);
    }
    if (!PyErr_ExceptionMatches(PyExc_TypeError) && !PyErr_ExceptionMatches(PyExc_ValueError)) return NULL;
    PyErr_Clear();
    Py_RETURN_FALSE;
}

PyMethodDef matrix_methods[] = {
    METHOD(matmul, "matmul(a, b, bias, out): out = a @ b + bias."),
    METHOD(matmul_if_faster, "matmul_if_faster(a, b, out): out = a @ b unless a BLAS is faster; whether it was done."),
    {NULL, NULL, 0, NULL},
};
