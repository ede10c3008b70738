/* Python's side of softmax and cross-entropy. The axis that sums to 1 is the last one. */
#include "families.h"

static bool rows_of(const Array *x, int64_t *rows, int64_t *n) {
    if (!x->axes || !x->size) {
        PyErr_Format(PyExc_ValueError, "%s must have an axis and numbers", x->name);
        return false;
    }
    *n = x->shape[x->axes - 1], *rows = x->size / *n;
    return true;
}

typedef int (*Map)(int64_t, int64_t, const void *, void *);
typedef int (*Gradient)(int64_t, int64_t, const void *, const void *, void *);

static PyObject *map(const char *name, bool logarithm, PyObject *const *args, Py_ssize_t count) {
    Array x, y;
    int64_t rows, n;
    if (!arguments(name, count, 2) || !read_array(args[0], "x", READ, FLOATS, ANY, &x) || !read_array(args[1], "out", WRITE, FLOATS, ANY, &y) ||
        !same_type(&x, &y) || !same_shape(&x, &y) || !apart(&y, &x, false) || !rows_of(&x, &rows, &n))
        return NULL;
    Map kernel = logarithm ? kernels_for(&x)->log_softmax : kernels_for(&x)->softmax;
    int failed = 0;
    UNLOCKED(16.0 * (double)x.size, failed = kernel(rows, n, x.data, y.data));
    if (failed) return PyErr_NoMemory();
    Py_RETURN_NONE;
}
static PyObject *gradient(const char *name, bool logarithm, PyObject *const *args, Py_ssize_t count) {
    Array g, y, gx;
    int64_t rows, n;
    if (!arguments(name, count, 3) || !read_array(args[0], "g", READ, FLOATS, ANY, &g) || !read_array(args[1], "y", READ, FLOATS, ANY, &y) ||
        !read_array(args[2], "out", WRITE, FLOATS, ANY, &gx) || !same_type(&g, &y) || !same_type(&g, &gx) || !same_shape(&g, &y) ||
        !same_shape(&g, &gx) || !apart(&gx, &g, false) || !apart(&gx, &y, false) || !rows_of(&g, &rows, &n))
        return NULL;
    Gradient kernel = logarithm ? kernels_for(&g)->log_softmax_gradient : kernels_for(&g)->softmax_gradient;
    int failed = 0;
    UNLOCKED(16.0 * (double)g.size, failed = kernel(rows, n, g.data, y.data, gx.data));
    if (failed) return PyErr_NoMemory();
    Py_RETURN_NONE;
}
FUNCTION(softmax) { (void)module; return map("softmax", false, args, n); }
FUNCTION(log_softmax) { (void)module; return map("log_softmax", true, args, n); }
FUNCTION(softmax_gradient) { (void)module; return gradient("softmax_gradient", false, args, n); }
FUNCTION(log_softmax_gradient) { (void)module; return gradient("log_softmax_gradient", true, args, n); }

static bool all_are_classes(const Array *classes, int64_t n) {
    const int64_t *c = (const int64_t *)classes->data;
    bool fine = true;
    for (int64_t i = 0; i < classes->size; i++) fine &= c[i] >= 0 && c[i] < n;
    return fine;
}

/* cross_entropy(x, classes, probabilities, losses): their sum; None where a class is none of 0..n - 1. */
FUNCTION(cross_entropy) {
    Array x, classes, p, losses;
    int64_t rows, width;
    (void)module;
    if (!arguments("cross_entropy", n, 4) || !read_array(args[0], "x", READ, FLOATS, 2, &x) || !read_array(args[1], "classes", READ, INT64S, 1, &classes) ||
        !read_array(args[2], "probabilities", WRITE, FLOATS, 2, &p) || !read_array(args[3], "losses", WRITE, FLOATS, 1, &losses) ||
        !same_type(&x, &p) || !same_type(&x, &losses) || !same_shape(&p, &x) || !has_shape(&classes, 1, x.shape) || !has_shape(&losses, 1, x.shape) ||
        !apart(&p, &x, false) || !apart(&p, &classes, false) || !apart(&losses, &x, false) || !apart(&losses, &p, false) ||
        !apart(&losses, &classes, false) || !rows_of(&x, &rows, &width))
        return NULL;
    if (!all_are_classes(&classes, width)) Py_RETURN_NONE;
    int failed = 0;
    double total = 0;
    UNLOCKED(16.0 * (double)x.size, failed = kernels_for(&x)->cross_entropy(rows, width, x.data, (const int64_t *)classes.data, p.data, losses.data, &total));
    return failed ? PyErr_NoMemory() : PyFloat_FromDouble(total);
}

/* cross_entropy_gradient(share, probabilities, classes, out): share is a number, or an array with one for each row.
   False, and nothing done, where a class is none of 0..n - 1. */
FUNCTION(cross_entropy_gradient) {
    Array share, p, classes, gx;
    int64_t rows, width;
    double factor = 0;
    (void)module;
    bool many = n == 4 && PyArray_Check(args[0]);
    if (!arguments("cross_entropy_gradient", n, 4) || !read_array(many ? args[0] : Py_None, "share", OPTIONAL, FLOATS, 1, &share) ||
        (!many && !read_number(args[0], "share", &factor)) || !read_array(args[1], "probabilities", READ, FLOATS, 2, &p) ||
        !read_array(args[2], "classes", READ, INT64S, 1, &classes) || !read_array(args[3], "out", WRITE, FLOATS, 2, &gx) ||
        !same_type(&p, &share) || !same_type(&p, &gx) || !same_shape(&gx, &p) || !has_shape(&classes, 1, p.shape) || !has_shape(&share, 1, p.shape) ||
        !apart(&gx, &p, false) || !apart(&gx, &classes, false) || !apart(&gx, &share, false) || !rows_of(&p, &rows, &width))
        return NULL;
    if (!all_are_classes(&classes, width)) Py_RETURN_FALSE;
    int failed = 0;
    UNLOCKED(8.0 * (double)p.size, failed = kernels_for(&p)->cross_entropy_gradient(rows, width, factor, share.data, p.data, (const int64_t *)classes.data, gx.data));
    if (failed) return PyErr_NoMemory();
    Py_RETURN_TRUE;
}

PyMethodDef losses_methods[] = {
    METHOD(softmax, "softmax(x, out): along the last axis."),
    METHOD(softmax_gradient, "softmax_gradient(g, y, out)"),
    METHOD(log_softmax, "log_softmax(x, out): along the last axis."),
    METHOD(log_softmax_gradient, "log_softmax_gradient(g, y, out)"),
    METHOD(cross_entropy, "cross_entropy(x, classes, probabilities, losses): the losses' sum, None for classes that are none."),
    METHOD(cross_entropy_gradient, "cross_entropy_gradient(share, probabilities, classes, out): whether it could."),
    {NULL, NULL, 0, NULL},
};
