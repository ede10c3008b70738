/* Python's side of rows that are added up. */
#include "families.h"

/* add_rows(x, index, out): x (count, width), index (count), out (rows, width). */
FUNCTION(add_rows) {
    Array x, index, out;
    int64_t size;
    (void)module;
    if (!arguments("add_rows", n, 3) || !read_array(args[0], "x", READ, FLOATS, 2, &x) || !read_array(args[1], "index", READ, INT64S, 1, &index) ||
        !read_array(args[2], "out", WRITE, FLOATS, 2, &out) || !same_type(&x, &out) || !has_shape(&index, 1, x.shape) ||
        !apart(&out, &x, false) || !apart(&out, &index, false))
        return NULL;
    Rows p = {.count = x.shape[0], .rows = out.shape[0], .width = out.shape[1]};
    if (x.shape[1] != p.width) return PyErr_Format(PyExc_ValueError, "x and out have rows of %lld and %lld", (long long)x.shape[1], (long long)p.width);
    if (!out.size) return PyErr_Format(PyExc_ValueError, "out must have rows and numbers");
    if (!plus(p.rows, p.count, &size) || !times(size + 1, 8, &size)) return NULL;
    const int64_t *at = (const int64_t *)index.data;
    for (int64_t i = 0; i < p.count; i++)
        if (at[i] < -p.rows || at[i] >= p.rows) return PyErr_Format(PyExc_ValueError, "index holds %lld, but there are %lld rows", (long long)at[i], (long long)p.rows);
    int failed = 0;
    UNLOCKED(TUNED_COST * ((double)x.size + (double)out.size), failed = kernels_for(&x)->add_rows(&p, x.data, at, out.data));
    if (failed) return PyErr_NoMemory();
    Py_RETURN_NONE;
}

PyMethodDef gathering_methods[] = {
    METHOD(add_rows, "add_rows(x, index, out): each row of out is the sum of the rows of x that have its index."),
    {NULL, NULL, 0, NULL},
};
