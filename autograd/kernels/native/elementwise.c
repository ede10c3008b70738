/* Python's side of functions of each element. */
#include "families.h"

#define NAME_OF(name) #name,
static const char *const names[] = {UNARY(NAME_OF) "", BINARY(NAME_OF)};
#undef NAME_OF

/* Which function of this name lies from `first` up to `end`; -1 with an error set. */
static int find(PyObject *name, int first, int end) {
    if (PyUnicode_Check(name))
        for (int i = first; i < end; i++)
            if (!PyUnicode_CompareWithASCIIString(name, names[i])) return i;
    PyErr_Format(PyExc_ValueError, "function: there is none called %R", name);
    return -1;
}

/* Elements of all arrays lie in the same order and without gaps (that of `y` do not overlap). */
static bool laid_out_alike(const Array *x, const Array *y) {
    bool same = y->high - y->low == y->size * y->item;
    for (int i = 0; i < x->axes; i++) same &= x->step[i] == y->step[i];
    if (!same) PyErr_Format(PyExc_ValueError, "%s and %s must lie in memory in the same order, without gaps", x->name, y->name);
    return same;
}

static bool fit(const Array *x, const Array *y) {
    return same_type(x, y) && same_shape(x, y) && (!x->size || laid_out_alike(x, y)) && apart(y, x, true);
}

/* unary(function, x, p, q, out) */
FUNCTION(unary) {
    Array x, y;
    double p, q;
    (void)module;
    if (!arguments("unary", n, 5) || !read_array(args[1], "x", STRIDED, FLOATS, ANY, &x) ||
        !read_number(args[2], "p", &p) || !read_number(args[3], "q", &q) ||
        !read_array(args[4], "out", WRITE | STRIDED, FLOATS, ANY, &y) || !fit(&x, &y))
        return NULL;
    int which = find(args[0], 0, UNARY_COUNT);
    if (which < 0) return NULL;
    int failed = 0;
    if (x.size) UNLOCKED(2.0 * TUNED_COST * (double)x.size, failed = kernels_for(&x)->unary(which, x.size, p, q, x.low, (char *)y.low));
    if (failed) return PyErr_NoMemory();
    Py_RETURN_NONE;
}

/* binary(function, g, x, p, q, out) */
FUNCTION(binary) {
    Array g, x, y;
    double p, q;
    (void)module;
    if (!arguments("binary", n, 6) || !read_array(args[1], "g", STRIDED, FLOATS, ANY, &g) ||
        !read_array(args[2], "x", STRIDED, FLOATS, ANY, &x) || !read_number(args[3], "p", &p) ||
        !read_number(args[4], "q", &q) || !read_array(args[5], "out", WRITE | STRIDED, FLOATS, ANY, &y) ||
        !fit(&g, &y) || !fit(&x, &y))
        return NULL;
    int which = find(args[0], UNARY_COUNT + 1, BINARY_END);
    if (which < 0) return NULL;
    int failed = 0;
    if (x.size) UNLOCKED(2.0 * TUNED_COST * (double)x.size, failed = kernels_for(&x)->binary(which, x.size, p, q, g.low, x.low, (char *)y.low));
    if (failed) return PyErr_NoMemory();
    Py_RETURN_NONE;
}

PyMethodDef elementwise_methods[] = {
    METHOD(unary, "unary(function, x, p, q, out): out = function(x; p, q) of each element."),
    METHOD(binary, "binary(function, g, x, p, q, out): out = g times the slope, of each element."),
    {NULL, NULL, 0, NULL},
};
