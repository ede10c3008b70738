/* The question that callers in Python ask first: are these arrays plain enough for a kernel? It raises
   nothing; what the kernel's own function then checks, it checks all the same. */
#include "families.h"

/* One that is no view of another class, of numbers as the machine has them. */
static PyArrayObject *ordinary(PyObject *object) {
    if (!PyArray_CheckExact(object)) return NULL;
    PyArrayObject *a = (PyArrayObject *)object;
    int type = PyArray_TYPE(a);
    bool fits = (type == NPY_FLOAT || type == NPY_DOUBLE) && PyArray_NDIM(a) <= MOST_AXES && PyArray_SIZE(a) > 0 &&
                PyArray_ISALIGNED(a) && PyArray_ISNOTSWAPPED(a);
    return fits ? a : NULL;
}

/* plain(*arrays): arrays (None aside) of one type, float32 or float64, C-contiguous, not empty. */
FUNCTION(plain) {
    int type = NPY_NOTYPE;
    (void)module;
    for (Py_ssize_t i = 0; i < n; i++) {
        if (args[i] == Py_None) continue;
        PyArrayObject *a = ordinary(args[i]);
        if (!a || !PyArray_IS_C_CONTIGUOUS(a) || (type != NPY_NOTYPE && PyArray_TYPE(a) != type)) Py_RETURN_FALSE;
        type = PyArray_TYPE(a);
    }
    return PyBool_FromLong(type != NPY_NOTYPE);
}

/* Whether memory holds an array's elements without gaps, in whatever order of its axes. */
static bool dense(PyArrayObject *a) {
    if (PyArray_IS_C_CONTIGUOUS(a) || PyArray_IS_F_CONTIGUOUS(a)) return true;
    npy_intp reach = PyArray_ITEMSIZE(a);
    for (int left = PyArray_NDIM(a); left; left--) { /* the next axis is the one whose step is as long as what was found */
        int next = -1;
        for (int i = 0; i < PyArray_NDIM(a); i++)
            if (PyArray_DIM(a, i) > 1 && PyArray_STRIDE(a, i) == reach) next = i;
        if (next < 0) break;
        reach *= PyArray_DIM(a, next);
    }
    return reach == PyArray_NBYTES(a);
}

/* alike(*arrays): arrays of one type, float32 or float64, of one shape, not empty, whose elements lie in one
   order without gaps. */
FUNCTION(alike) {
    (void)module;
    PyArrayObject *first = n ? ordinary(args[0]) : NULL;
    if (!first || !dense(first)) Py_RETURN_FALSE;
    bool c_order = PyArray_IS_C_CONTIGUOUS(first);
    for (Py_ssize_t i = 1; i < n; i++) {
        PyArrayObject *a = ordinary(args[i]);
        if (!a || PyArray_TYPE(a) != PyArray_TYPE(first) || PyArray_NDIM(a) != PyArray_NDIM(first)) Py_RETURN_FALSE;
        for (int j = 0; j < PyArray_NDIM(a); j++)
            if (PyArray_DIM(a, j) != PyArray_DIM(first, j) ||
                (!c_order && PyArray_DIM(a, j) > 1 && PyArray_STRIDE(a, j) != PyArray_STRIDE(first, j)))
                Py_RETURN_FALSE;
        if (c_order && !PyArray_IS_C_CONTIGUOUS(a)) Py_RETURN_FALSE;
    }
    Py_RETURN_TRUE;
}

PyMethodDef plain_methods[] = {
    METHOD(plain, "plain(*arrays): all C-contiguous, of one float type, not empty (None aside)."),
    METHOD(alike, "alike(*arrays): of one shape, float type and order in memory, without gaps, not empty."),
    {NULL, NULL, 0, NULL},
};
