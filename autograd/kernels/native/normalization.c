/* Python's side of normalisation. All arrays are in C order; of their shapes only the sizes matter. */
#include "families.h"

static bool sized(const Array *a, int64_t size) {
    if (!a->data || a->size == size) return true;
    PyErr_Format(PyExc_ValueError, "%s has %lld numbers instead of %lld", a->name, (long long)a->size, (long long)size);
    return false;
}

/* Sizes (samples, groups, cells, run), or (samples, cells, run) of channels, that make up `x`. */
static bool read_sizes(PyObject *object, bool rows, const Array *x, Norm *p) {
    int64_t v[4], size;
    if (!read_integers(object, "sizes", rows ? 4 : 3, 1, INT64_MAX / 64, v)) return false;
    p->samples = v[0], p->groups = rows ? v[1] : 1, p->cells = v[rows ? 2 : 1], p->run = v[rows ? 3 : 2];
    return times(p->samples, p->groups, &size) && times(size, p->cells, &size) && times(size, p->run, &size) && sized(x, size);
}

typedef int (*Forward)(const Norm *, const void *, const void *, const void *, void *, void *, void *, void *);
typedef int (*Backward)(const Norm *, const void *, const void *, const void *, const void *, const void *, void *, void *, void *);

static PyObject *forward(const char *name, bool rows, bool centred, PyObject *const *args, Py_ssize_t n) {
    static const char *const names[] = {"x", "weight", "bias", "out", "mean", "rstd", "variance"};
    Array a[7];
    Norm p = {.centred = centred};
    if (!arguments(name, n, 9)) return NULL;
    for (int i = 0; i < 7; i++) {
        if (!read_array(args[i < 3 ? i : i + 2], names[i], i == 0 ? READ : i < 3 ? OPTIONAL : WRITE, FLOATS, ANY, a + i) || !same_type(a, a + i)) return NULL;
        for (int j = 0; i >= 3 && j < i; j++)
            if (!apart(a + i, a + j, false)) return NULL;
    }
    if (!read_sizes(args[3], rows, a, &p) || !read_number(args[4], "eps", &p.eps)) return NULL;
    int64_t statistics = rows ? p.samples * p.groups : p.cells;
    for (int i = 1; i < 7; i++)
        if (!sized(a + i, i < 3 ? p.groups * p.cells : i == 3 ? a->size : statistics)) return NULL;
    Forward kernel = rows ? kernels_for(a)->norm_rows : kernels_for(a)->norm_channels;
    int failed = 0;
    UNLOCKED(2.0 * TUNED_COST * (double)a->size, failed = kernel(&p, a[0].data, a[1].data, a[2].data, a[3].data, a[4].data, a[5].data, a[6].data));
    if (failed) return PyErr_NoMemory();
    Py_RETURN_NONE;
}

static PyObject *backward(const char *name, bool rows, bool centred, PyObject *const *args, Py_ssize_t n) {
    static const char *const names[] = {"g", "x", "weight", "mean", "rstd", "out", "gweight", "gbias"};
    Array a[8];
    Norm p = {.centred = centred};
    if (!arguments(name, n, 9)) return NULL;
    for (int i = 0; i < 8; i++) {
        if (!read_array(args[i < 5 ? i : i + 1], names[i], i == 2 ? OPTIONAL : i < 5 ? READ : WRITE, FLOATS, ANY, a + i) || !same_type(a, a + i)) return NULL;
        for (int j = 0; i >= 5 && j < i; j++)
            if (!apart(a + i, a + j, false)) return NULL;
    }
    if (!read_sizes(args[5], rows, a, &p)) return NULL;
    int64_t statistics = rows ? p.samples * p.groups : p.cells, parameters = p.groups * p.cells, pieces;
    const int64_t sizes[] = {a->size, a->size, parameters, statistics, statistics, a->size,
                             rows && !a[2].data ? statistics : parameters, rows && !a[2].data ? statistics : parameters};
    for (int i = 1; i < 8; i++)
        if (!sized(a + i, sizes[i])) return NULL;
    if (!times(a->size, 16, &pieces)) return NULL; /* bounds the memory for sums of pieces */
    Backward kernel = rows ? kernels_for(a)->norm_rows_gradient : kernels_for(a)->norm_channels_gradient;
    int failed = 0;
    UNLOCKED(4.0 * TUNED_COST * (double)a->size, failed = kernel(&p, a[0].data, a[1].data, a[2].data, a[3].data, a[4].data, a[5].data, a[6].data, a[7].data));
    if (failed) return PyErr_NoMemory();
    Py_RETURN_NONE;
}

FUNCTION(norm_rows) { (void)module; return forward("norm_rows", true, true, args, n); }
FUNCTION(rms_rows) { (void)module; return forward("rms_rows", true, false, args, n); }
FUNCTION(norm_channels) { (void)module; return forward("norm_channels", false, true, args, n); }
FUNCTION(norm_rows_gradient) { (void)module; return backward("norm_rows_gradient", true, true, args, n); }
FUNCTION(rms_rows_gradient) { (void)module; return backward("rms_rows_gradient", true, false, args, n); }
FUNCTION(norm_channels_gradient) { (void)module; return backward("norm_channels_gradient", false, true, args, n); }

/* channel_sums(x, (samples, cells, run), out): out (cells) */
FUNCTION(channel_sums) {
    Array x, sums;
    Norm p;
    (void)module;
    if (!arguments("channel_sums", n, 3) || !read_array(args[0], "x", READ, FLOATS, ANY, &x) || !read_array(args[2], "out", WRITE, FLOATS, 1, &sums) ||
        !same_type(&x, &sums) || !read_sizes(args[1], false, &x, &p) || !sized(&sums, p.cells) || !apart(&sums, &x, false))
        return NULL;
    int failed = 0;
    UNLOCKED(TUNED_COST * (double)x.size, failed = kernels_for(&x)->channel_sums(&p, x.data, sums.data));
    if (failed) return PyErr_NoMemory();
    Py_RETURN_NONE;
}

PyMethodDef normalization_methods[] = {
    METHOD(norm_rows, "norm_rows(x, weight, bias, (samples, groups, cells, run), eps, out, mean, rstd, variance)"),
    METHOD(rms_rows, "rms_rows(...): as norm_rows, with means taken for 0"),
    METHOD(norm_channels, "norm_channels(x, weight, bias, (samples, cells, run), eps, out, mean, rstd, variance)"),
    METHOD(norm_rows_gradient, "norm_rows_gradient(g, x, weight, mean, rstd, (samples, groups, cells, run), out, gweight, gbias)"),
    METHOD(rms_rows_gradient, "rms_rows_gradient(...): as norm_rows_gradient, with means taken for 0"),
    METHOD(norm_channels_gradient, "norm_channels_gradient(g, x, weight, mean, rstd, (samples, cells, run), out, gweight, gbias)"),
    METHOD(channel_sums, "channel_sums(x, (samples, cells, run), out): the sum of each cell over samples and run."),
    {NULL, NULL, 0, NULL},
};
