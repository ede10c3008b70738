/* Python's side of softmax and cross-entropy. */
#include "families.h"

/* The sizes before, along and behind an axis. */
static bool along(const Array *x, int64_t axis, Simplex *s) {
    if (!x->size || axis >= x->axes) {
        PyErr_Format(PyExc_ValueError, "%s must have that axis and numbers", x->name);
        return false;
    }
    s->samples = s->run = 1, s->n = x->shape[axis];
    for (int i = 0; i < x->axes; i++)
        if (i != axis) *(i < axis ? &s->samples : &s->run) *= x->shape[i];
    return true;
}

typedef int (*Map)(const Simplex *, const void *, void *);
typedef int (*Gradient)(const Simplex *, const void *, const void *, void *);

static PyObject *map(const char *name, bool logarithm, PyObject *const *args, Py_ssize_t count) {
    Array x, y;
    Simplex s;
    int64_t axis;
    if (!arguments(name, count, 3) || !read_array(args[0], "x", READ, FLOATS, ANY, &x) || !read_integer(args[1], "axis", 0, MOST_AXES, &axis) ||
        !read_array(args[2], "out", WRITE, FLOATS, ANY, &y) || !same_type(&x, &y) || !same_shape(&x, &y) || !apart(&y, &x, false) || !along(&x, axis, &s))
        return NULL;
    Map kernel = logarithm ? kernels_for(&x)->log_softmax : kernels_for(&x)->softmax;
    int failed = 0;
    UNLOCKED(4.0 * TUNED_COST * (double)x.size, failed = kernel(&s, x.data, y.data));
    if (failed) return PyErr_NoMemory();
    Py_RETURN_NONE;
}
static PyObject *gradient(const char *name, bool logarithm, PyObject *const *args, Py_ssize_t count) {
    Array g, y, gx;
    Simplex s;
    int64_t axis;
    if (!arguments(name, count, 4) || !read_array(args[0], "g", READ, FLOATS, ANY, &g) || !read_array(args[1], "y", READ, FLOATS, ANY, &y) ||
        !read_integer(args[2], "axis", 0, MOST_AXES, &axis) || !read_array(args[3], "out", WRITE, FLOATS, ANY, &gx) || !same_type(&g, &y) ||
        !same_type(&g, &gx) || !same_shape(&g, &y) || !same_shape(&g, &gx) || !apart(&gx, &g, false) || !apart(&gx, &y, false) || !along(&g, axis, &s))
        return NULL;
    Gradient kernel = logarithm ? kernels_for(&g)->log_softmax_gradient : kernels_for(&g)->softmax_gradient;
    int failed = 0;
    UNLOCKED(4.0 * TUNED_COST * (double)g.size, failed = kernel(&s, g.data, y.data, gx.data));
    if (failed) return PyErr_NoMemory();
    Py_RETURN_NONE;
}
FUNCTION(softmax) { (void)module; return map("softmax", false, args, n); }
FUNCTION(log_softmax) { (void)module; return map("log_softmax", true, args, n); }
FUNCTION(softmax_gradient) { (void)module; return gradient("softmax_gradient", false, args, n); }
FUNCTION(log_softmax_gradient) { (void)module; return gradient("log_softmax_gradient", true, args, n); }

/* The shape of `x` (N, C, ...) without its classes is that of `a`? */
static bool one_for_each(const Array *x, const Array *a) {
    int64_t shape[MOST_AXES];
    if (x->axes < 2) {
        PyErr_Format(PyExc_ValueError, "%s has %d axes, which is not what fits", x->name, x->axes);
        return false;
    }
    shape[0] = x->shape[0];
    for (int i = 2; i < x->axes; i++) shape[i - 1] = x->shape[i];
    return has_shape(a, x->axes - 1, shape);
}

/* Reads what is wanted of arrays like `x`: classes, weight or None, what is ignored. */
static bool read_wanted(PyObject *const *args, const Array *x, Array *classes, Array *weight, Wanted *wanted) {
    if (!read_array(args[0], "classes", READ, INT64S, ANY, classes) || !read_array(args[1], "weight", OPTIONAL, FLOATS, 1, weight) ||
        !read_integer(args[2], "ignored", INT64_MIN, INT64_MAX, &wanted->ignored) || !one_for_each(x, classes) || !same_type(x, weight) ||
        !has_shape(weight, 1, x->shape + 1))
        return false;
    wanted->classes = (const int64_t *)classes->data, wanted->weight = weight->data;
    return true;
}

/* Are they 0..n - 1, but for what is ignored? `sum` is that of their weights, or their number. */
static bool all_are_classes(const Array *classes, const Array *weight, int64_t ignored, int64_t n, double *sum) {
    const int64_t *c = (const int64_t *)classes->data;
    bool fine = true;
    int64_t count = 0;
    for (int64_t i = 0; i < classes->size; i++) fine &= (c[i] >= 0 && c[i] < n) || c[i] == ignored, count += c[i] != ignored;
    *sum = (double)count;
    if (!fine || !weight->data) return fine;
    *sum = 0;
    for (int64_t i = 0; i < classes->size; i++)
        if (c[i] != ignored) *sum += weight->type == NPY_DOUBLE ? ((const double *)weight->data)[c[i]] : (double)((const float *)weight->data)[c[i]];
    return true;
}

/* cross_entropy(x, classes, weight, ignored, probabilities, losses): sums of the losses and of the weights that count;
   None where a class is none of 0..n - 1. */
FUNCTION(cross_entropy) {
    Array x, classes, weight, p, losses;
    Simplex s;
    Wanted wanted;
    (void)module;
    if (!arguments("cross_entropy", n, 6) || !read_array(args[0], "x", READ, FLOATS, ANY, &x) || !read_wanted(args + 1, &x, &classes, &weight, &wanted) ||
        !read_array(args[4], "probabilities", WRITE, FLOATS, ANY, &p) || !read_array(args[5], "losses", WRITE, FLOATS, ANY, &losses) ||
        !same_type(&x, &p) || !same_type(&x, &losses) || !same_shape(&p, &x) || !one_for_each(&x, &losses) ||
        !apart(&p, &x, false) || !apart(&p, &classes, false) || !apart(&p, &weight, false) || !apart(&losses, &x, false) || !apart(&losses, &p, false) ||
        !apart(&losses, &classes, false) || !apart(&losses, &weight, false) || !along(&x, 1, &s))
        return NULL;
    double weights, total = 0;
    if (!all_are_classes(&classes, &weight, wanted.ignored, s.n, &weights)) Py_RETURN_NONE;
    int failed = 0;
    UNLOCKED(4.0 * TUNED_COST * (double)x.size, failed = kernels_for(&x)->cross_entropy(&s, &wanted, x.data, p.data, losses.data, &total));
    return failed ? PyErr_NoMemory() : Py_BuildValue("dd", total, weights);
}

/* cross_entropy_gradient(share, mean, probabilities, classes, weight, ignored, out): share is a number, which is divided
   by the weights that count if `mean` is 1, or an array like classes. False, and nothing done, where a class is none of
   0..n - 1. */
FUNCTION(cross_entropy_gradient) {
    Array share, p, classes, weight, gx;
    Simplex s;
    Wanted wanted;
    double factor = 0, weights;
    (void)module;
    int64_t mean;
    bool many = n == 7 && PyArray_Check(args[0]);
    if (!arguments("cross_entropy_gradient", n, 7) || !read_array(many ? args[0] : Py_None, "share", OPTIONAL, FLOATS, ANY, &share) ||
        (!many && !read_number(args[0], "share", &factor)) || !read_integer(args[1], "mean", 0, !many, &mean) || !read_array(args[2], "probabilities", READ, FLOATS, ANY, &p) ||
        !read_wanted(args + 3, &p, &classes, &weight, &wanted) || !read_array(args[6], "out", WRITE, FLOATS, ANY, &gx) ||
        !same_type(&p, &share) || !same_type(&p, &gx) || !same_shape(&gx, &p) || !one_for_each(&p, &share) || !apart(&gx, &p, false) ||
        !apart(&gx, &classes, false) || !apart(&gx, &weight, false) || !apart(&gx, &share, false) || !along(&p, 1, &s))
        return NULL;
    if (!all_are_classes(&classes, &weight, wanted.ignored, s.n, &weights)) Py_RETURN_FALSE;
    if (mean) factor /= weights;
    int failed = 0;
    UNLOCKED(2.0 * TUNED_COST * (double)p.size, failed = kernels_for(&p)->cross_entropy_gradient(&s, &wanted, factor, share.data, p.data, gx.data));
    if (failed) return PyErr_NoMemory();
    Py_RETURN_TRUE;
}

PyMethodDef losses_methods[] = {
    METHOD(softmax, "softmax(x, axis, out)"),
    METHOD(softmax_gradient, "softmax_gradient(g, y, axis, out)"),
    METHOD(log_softmax, "log_softmax(x, axis, out)"),
    METHOD(log_softmax_gradient, "log_softmax_gradient(g, y, axis, out)"),
    METHOD(cross_entropy, "cross_entropy(x, classes, weight, ignored, probabilities, losses): sums of losses and weights, None for classes that are none."),
    METHOD(cross_entropy_gradient, "cross_entropy_gradient(share, mean, probabilities, classes, weight, ignored, out): whether it could."),
    {NULL, NULL, 0, NULL},
};
