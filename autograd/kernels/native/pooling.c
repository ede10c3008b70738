/* Python's side of pooling. */
#include "families.h"

/* Images (N, C, *S) and results (N, C, *L) with one to three spatial axes. */
static bool read_window(PyObject *object, const Array *x, const Array *y, Pooling *p) {
    int64_t v[12], span;
    if (!read_integers(object, "window", 12, 0, 1 << 30, v)) return false;
    if (x->axes < 3 || x->axes > 5 || y->axes != x->axes || x->shape[0] != y->shape[0] || x->shape[1] != y->shape[1]) {
        PyErr_Format(PyExc_ValueError, "%s and %s must be images (N, C, *S) with as many of each", x->name, y->name);
        return false;
    }
    p->planes = x->shape[0] * x->shape[1];
    for (int i = 0; i < 3; i++) {
        int axis = x->axes - 3 + i;
        p->in[i] = axis < 2 ? 1 : x->shape[axis], p->out[i] = axis < 2 ? 1 : y->shape[axis];
        p->kernel[i] = v[i], p->stride[i] = v[3 + i], p->low[i] = v[6 + i], p->dilation[i] = v[9 + i];
        if (p->kernel[i] < 1 || p->stride[i] < 1 || p->dilation[i] < 1) {
            PyErr_SetString(PyExc_ValueError, "window: kernel, stride and dilation must be 1 or more");
            return false;
        }
        if (p->in[i] > 1 << 30 || p->out[i] > 1 << 30) {
            PyErr_SetString(PyExc_ValueError, "an axis of the images is too long");
            return false;
        }
    }
    if (!x->size || !y->size) return true;
    /* Of the last axis's offsets only those at which the last window does not look before the image, nor the first behind. */
    int64_t d = p->dilation[2], before = p->low[2] - (p->out[2] - 1) * p->stride[2];
    int64_t first = before > 0 ? (before + d - 1) / d : 0, end = LEAST(p->kernel[2], (p->in[2] - 1 + p->low[2]) / d + 1);
    if (first >= end) {
        PyErr_SetString(PyExc_ValueError, "window: it looks at nothing but padding");
        return false;
    }
    p->kernel[2] = end - first, p->low[2] -= first * d;
    return times(p->out[2], p->stride[2], &span) && plus(span, p->kernel[2] * d, &span) && plus(span, p->in[2] + LEAST(GREATEST(p->low[2], 0), 1 << 30), &span);
}

/* A number, or an array of the windows' divisors. */
static bool read_divisor(PyObject *object, const Array *x, const Array *y, double *divisor, Array *divisors) {
    *divisor = 1;
    if (!PyArray_Check(object)) return read_array(Py_None, "divisors", OPTIONAL, FLOATS, ANY, divisors) && read_number(object, "divisors", divisor);
    return read_array(object, "divisors", READ, FLOATS, ANY, divisors) && same_type(x, divisors) && has_shape(divisors, y->axes - 2, y->shape + 2);
}

#define WORK(x) (2.0 * TUNED_COST * (double)(x).size)

/* max_pool(x, window, out) */
FUNCTION(max_pool) {
    Array x, y;
    Pooling p;
    (void)module;
    if (!arguments("max_pool", n, 3) || !read_array(args[0], "x", READ, FLOATS, ANY, &x) ||
        !read_array(args[2], "out", WRITE, FLOATS, ANY, &y) || !same_type(&x, &y) || !apart(&y, &x, false) ||
        !read_window(args[1], &x, &y, &p))
        return NULL;
    int failed = 0;
    if (x.size && y.size) UNLOCKED(WORK(x), failed = kernels_for(&x)->max_pool(&p, x.data, y.data));
    if (failed) return PyErr_NoMemory();
    Py_RETURN_NONE;
}

/* avg_pool(x, window, divisors, out) */
FUNCTION(avg_pool) {
    Array x, y, divisors;
    Pooling p;
    double divisor;
    (void)module;
    if (!arguments("avg_pool", n, 4) || !read_array(args[0], "x", READ, FLOATS, ANY, &x) ||
        !read_array(args[3], "out", WRITE, FLOATS, ANY, &y) || !same_type(&x, &y) || !apart(&y, &x, false) ||
        !read_window(args[1], &x, &y, &p) || !read_divisor(args[2], &x, &y, &divisor, &divisors) || !apart(&y, &divisors, false))
        return NULL;
    int failed = 0;
    if (x.size && y.size) UNLOCKED(WORK(x), failed = kernels_for(&x)->avg_pool(&p, divisor, divisors.data, x.data, y.data));
    if (failed) return PyErr_NoMemory();
    Py_RETURN_NONE;
}

/* max_pool_gradient(g, x, y, window, out): y is what max_pool made of x */
FUNCTION(max_pool_gradient) {
    Array g, x, y, gx;
    Pooling p;
    (void)module;
    if (!arguments("max_pool_gradient", n, 5) || !read_array(args[0], "g", READ, FLOATS, ANY, &g) ||
        !read_array(args[1], "x", READ, FLOATS, ANY, &x) || !read_array(args[2], "y", READ, FLOATS, ANY, &y) ||
        !read_array(args[4], "out", WRITE, FLOATS, ANY, &gx) || !same_type(&x, &g) || !same_type(&x, &y) ||
        !same_type(&x, &gx) || !same_shape(&g, &y) || !same_shape(&gx, &x) || !apart(&gx, &g, false) ||
        !apart(&gx, &x, false) || !apart(&gx, &y, false) || !read_window(args[3], &x, &y, &p))
        return NULL;
    int failed = 0;
    if (!y.size) memset(gx.data, 0, (size_t)(gx.size * gx.item));
    else if (x.size) UNLOCKED(WORK(x), failed = kernels_for(&x)->max_pool_gradient(&p, g.data, x.data, y.data, gx.data));
    if (failed) return PyErr_NoMemory();
    Py_RETURN_NONE;
}

/* avg_pool_gradient(g, window, divisors, out) */
FUNCTION(avg_pool_gradient) {
    Array g, gx, divisors;
    Pooling p;
    double divisor;
    (void)module;
    if (!arguments("avg_pool_gradient", n, 4) || !read_array(args[0], "g", READ, FLOATS, ANY, &g) ||
        !read_array(args[3], "out", WRITE, FLOATS, ANY, &gx) || !same_type(&g, &gx) || !apart(&gx, &g, false) ||
        !read_window(args[1], &gx, &g, &p) || !read_divisor(args[2], &g, &g, &divisor, &divisors) || !apart(&gx, &divisors, false))
        return NULL;
    int failed = 0;
    if (!g.size) memset(gx.data, 0, (size_t)(gx.size * gx.item));
    else if (gx.size) UNLOCKED(WORK(gx), failed = kernels_for(&g)->avg_pool_gradient(&p, divisor, divisors.data, g.data, gx.data));
    if (failed) return PyErr_NoMemory();
    Py_RETURN_NONE;
}

PyMethodDef pooling_methods[] = {
    METHOD(max_pool, "max_pool(x, window, out): the greatest cell of each window."),
    METHOD(avg_pool, "avg_pool(x, window, divisors, out): sums of windows, divided."),
    METHOD(max_pool_gradient, "max_pool_gradient(g, x, y, window, out): g for the first cell that equals y."),
    METHOD(avg_pool_gradient, "avg_pool_gradient(g, window, divisors, out): the adjoint of avg_pool."),
    {NULL, NULL, 0, NULL},
};
