/* Python's side of correlation. */
#include "families.h"

static const int64_t FAR = (int64_t)1 << 40;

/* size = (count - 1) * stride + (kernel - 1) * dilation + 1: what `count` windows see along an axis. */
static bool seen(int64_t count, int64_t stride, int64_t kernel, int64_t dilation, int64_t *size) {
    int64_t a, b;
    return times(count - 1, stride, &a) && times(kernel - 1, dilation, &b) && plus(a, b, size) && plus(*size, 1, size);
}

/* The geometry of three arrays that belong together, and whether all sizes derived from it are sane.
   geometry: (groups, stride d h w, low d h w, dilation d h w). */
static bool read_geometry(const Array *x, const Array *w, const Array *y, PyObject *geometry, Geometry *g) {
    int64_t v[10], all_x, all_y;
    int axes = x->axes, lost = 5 - axes;
    if (!read_integers(geometry, "geometry", 10, -FAR, FAR, v)) return false;
    if (axes < 3 || axes > 5 || w->axes != axes || y->axes != axes) {
        PyErr_SetString(PyExc_ValueError, "x, w and y must have 3, 4 or 5 axes, all the same number");
        return false;
    }
    g->groups = v[0], g->n = x->shape[0], g->c = w->shape[1], g->o = v[0] > 0 ? w->shape[0] / v[0] : 0;
    const int64_t channels[] = {g->n, w->shape[0]};
    if (v[0] < 1 || w->shape[0] % v[0] || x->shape[1] % v[0] || x->shape[1] / v[0] != g->c ||
        y->shape[0] != channels[0] || y->shape[1] != channels[1]) {
        PyErr_SetString(PyExc_ValueError, "the channels, groups or batches of x, w and y do not fit together");
        return false;
    }
    for (int i = 0; i < 3; i++) {
        int at = i - lost + 2;
        bool there = i >= lost;
        g->stride[i] = v[1 + i], g->low[i] = v[4 + i], g->dilation[i] = v[7 + i];
        g->in[i] = there ? x->shape[at] : 1, g->out[i] = there ? y->shape[at] : 1, g->kernel[i] = there ? w->shape[at] : 1;
        if (g->stride[i] < 1 || g->dilation[i] < 1 || (!there && (g->stride[i] != 1 || g->low[i]))) {
            PyErr_SetString(PyExc_ValueError, "geometry: strides and dilations are 1 or more, and plain where x has no axis");
            return false;
        }
    }
    if (!x->size || !w->size || !y->size) {
        PyErr_SetString(PyExc_ValueError, "x, w and y must not be empty");
        return false;
    }
    all_x = g->c * 8 * 16, all_y = w->shape[0] * 8 * 16; /* bytes of padded planes, for both directions, with slack */
    for (int i = 0; i < 3; i++) {
        int64_t forth, back;
        if (!seen(g->out[i], g->stride[i], g->kernel[i], g->dilation[i], &forth) || !plus(forth, g->stride[i], &forth) ||
            !seen(g->in[i], 1, g->kernel[i], g->dilation[i], &back) || !times(all_x, forth, &all_x) ||
            !times(all_y, back, &all_y))
            return false;
    }
    return true;
}

/* correlate(x, w, bias or None, y, geometry): y is written. */
FUNCTION(correlate) {
    Array x, w, bias, y;
    Geometry g;
    (void)module;
    if (!arguments("correlate", n, 5) || !read_array(args[0], "x", READ, FLOATS, ANY, &x) ||
        !read_array(args[1], "w", READ, FLOATS, ANY, &w) || !read_array(args[2], "bias", OPTIONAL, FLOATS, 1, &bias) ||
        !read_array(args[3], "y", WRITE, FLOATS, ANY, &y) || !same_type(&x, &w) || !same_type(&x, &bias) ||
        !same_type(&x, &y) || !read_geometry(&x, &w, &y, args[4], &g) || !has_shape(&bias, 1, w.shape) ||
        !apart(&y, &x, false) || !apart(&y, &w, false) || !apart(&y, &bias, false))
        return NULL;
    const Kernels *k = kernels_for(&x);
    bool depthwise = g.c == 1 && g.groups > 1;
    int failed = 0;
    UNLOCKED((double)y.size * (double)(w.size / w.shape[0]),
             failed = (depthwise ? k->depthwise : k->correlate)(&g, x.data, w.data, bias.data, y.data));
    if (failed) return PyErr_NoMemory();
    Py_RETURN_NONE;
}

/* correlate_input(y, w, x, geometry): x is written. */
FUNCTION(correlate_input) {
    Array x, w, y;
    Geometry g;
    (void)module;
    if (!arguments("correlate_input", n, 4) || !read_array(args[0], "y", READ, FLOATS, ANY, &y) ||
        !read_array(args[1], "w", READ, FLOATS, ANY, &w) || !read_array(args[2], "x", WRITE, FLOATS, ANY, &x) ||
        !same_type(&y, &w) || !same_type(&y, &x) || !read_geometry(&x, &w, &y, args[3], &g) ||
        !apart(&x, &y, false) || !apart(&x, &w, false))
        return NULL;
    const Kernels *k = kernels_for(&x);
    bool depthwise = g.c == 1 && g.groups > 1;
    int failed = 0;
    UNLOCKED((double)y.size * (double)(w.size / w.shape[0]),
             failed = (depthwise ? k->depthwise_input : k->correlate_input)(&g, y.data, w.data, x.data));
    if (failed) return PyErr_NoMemory();
    Py_RETURN_NONE;
}

/* correlate_weight(x, y, w, geometry): w is written. */
FUNCTION(correlate_weight) {
    Array x, w, y;
    Geometry g;
    (void)module;
    if (!arguments("correlate_weight", n, 4) || !read_array(args[0], "x", READ, FLOATS, ANY, &x) ||
        !read_array(args[1], "y", READ, FLOATS, ANY, &y) || !read_array(args[2], "w", WRITE, FLOATS, ANY, &w) ||
        !same_type(&y, &w) || !same_type(&y, &x) || !read_geometry(&x, &w, &y, args[3], &g) ||
        !apart(&w, &y, false) || !apart(&w, &x, false))
        return NULL;
    const Kernels *k = kernels_for(&x);
    bool depthwise = g.c == 1 && g.groups > 1;
    int failed = 0;
    UNLOCKED((double)y.size * (double)(w.size / w.shape[0]),
             failed = (depthwise ? k->depthwise_weight : k->correlate_weight)(&g, x.data, y.data, w.data));
    if (failed) return PyErr_NoMemory();
    Py_RETURN_NONE;
}

PyMethodDef correlation_methods[] = {
    METHOD(correlate, "correlate(x, w, bias, y, geometry): writes y."),
    METHOD(correlate_input, "correlate_input(y, w, x, geometry): writes x."),
    METHOD(correlate_weight, "correlate_weight(x, y, w, geometry): writes w."),
    {NULL, NULL, 0, NULL},
};
