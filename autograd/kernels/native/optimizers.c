/* Python's side of optimizers: one call steps many parameters. */
#include "families.h"

enum { MOST = 5 }; /* arrays of a parameter */

/* A list of tuples of arrays, the second of which (the gradient) is only read; those from `needed` on may be None. */
static Array *read_parameters(PyObject *list, int count, int needed, Py_ssize_t *n) {
    static const char *const names[] = {"parameter", "gradient", "buffer", "second buffer", "third buffer"};
    if (!PyList_Check(list)) {
        PyErr_SetString(PyExc_TypeError, "parameters must be a list of tuples of arrays");
        return NULL;
    }
    *n = PyList_GET_SIZE(list);
    Array *all = PyMem_Calloc((size_t)*n * MOST + 1, sizeof *all);
    if (!all) return (void)PyErr_NoMemory(), NULL;
    for (Py_ssize_t k = 0; k < *n; k++) {
        PyObject *item = PyList_GET_ITEM(list, k);
        Array *a = all + k * MOST;
        if (!PyTuple_Check(item) || PyTuple_GET_SIZE(item) != count) {
            PyErr_Format(PyExc_TypeError, "parameters must be a list of tuples of %d arrays", count);
            goto wrong;
        }
        for (int i = 0; i < count; i++) {
            int how = (i == 1 ? READ : WRITE) | (i >= needed ? OPTIONAL : 0);
            if (!read_array(PyTuple_GET_ITEM(item, i), names[i], how, FLOATS, ANY, a + i) || !same_type(a, a + i) ||
                (a[i].data && !same_shape(a + i, a)))
                goto wrong;
            for (int j = 0; j < i; j++)
                if (!apart(i == 1 ? a : a + i, i == 1 ? a + 1 : a + j, false)) goto wrong;
        }
    }
    return all;
wrong:
    PyMem_Free(all);
    return NULL;
}

static bool read_numbers(PyObject *const *args, int n, double *values) {
    for (int i = 0; i < n; i++)
        if (!read_number(args[i], "option", values + i)) return false;
    return true;
}

/* sgd([(p, g, buffer or None), ...], lr, momentum, dampening, weight_decay, nesterov, maximize, first) */
FUNCTION(sgd) {
    double v[4];
    Py_ssize_t count;
    (void)module;
    if (!arguments("sgd", n, 8) || !read_numbers(args + 1, 4, v)) return NULL;
    Sgd o = {v[0], v[1], 1 - v[2], v[3], PyObject_IsTrue(args[5]), PyObject_IsTrue(args[6]), PyObject_IsTrue(args[7])};
    if (o.nesterov < 0 || o.maximize < 0 || o.first < 0) return NULL;
    Array *all = read_parameters(args[0], 3, 2, &count);
    if (!all) return NULL;
    int failed = 0;
    double work = 0;
    for (Py_ssize_t k = 0; k < count; k++) work += 2.0 * TUNED_COST * (double)all[k * MOST].size;
    UNLOCKED(work, for (Array *a = all; a < all + count * MOST; a += MOST)
        if (a->size) failed |= kernels_for(a)->sgd(&o, a->size, a[0].data, a[1].data, a[2].data));
    PyMem_Free(all);
    if (failed) return PyErr_NoMemory();
    Py_RETURN_NONE;
}

/* adam([(p, g, m, v, top or None), ...], rate, root, eps, beta1, beta2, weight_decay, shrink, maximize) */
FUNCTION(adam) {
    double v[7];
    Py_ssize_t count;
    (void)module;
    if (!arguments("adam", n, 9) || !read_numbers(args + 1, 7, v)) return NULL;
    Adam o = {v[0], v[1], v[2], v[4], 1 - v[3], 1 - v[4], v[5], v[6], PyObject_IsTrue(args[8])};
    if (o.maximize < 0) return NULL;
    Array *all = read_parameters(args[0], 5, 4, &count);
    if (!all) return NULL;
    int failed = 0;
    double work = 0;
    for (Py_ssize_t k = 0; k < count; k++) work += 4.0 * TUNED_COST * (double)all[k * MOST].size;
    UNLOCKED(work, for (Array *a = all; a < all + count * MOST; a += MOST)
        if (a->size) failed |= kernels_for(a)->adam(&o, a->size, a[0].data, a[1].data, a[2].data, a[3].data, a[4].data));
    PyMem_Free(all);
    if (failed) return PyErr_NoMemory();
    Py_RETURN_NONE;
}

PyMethodDef optimizers_methods[] = {
    METHOD(sgd, "sgd([(p, g, buffer), ...], lr, momentum, dampening, weight_decay, nesterov, maximize, first)"),
    METHOD(adam, "adam([(p, g, m, v, top), ...], rate, root, eps, beta1, beta2, weight_decay, shrink, maximize)"),
    {NULL, NULL, 0, NULL},
};
