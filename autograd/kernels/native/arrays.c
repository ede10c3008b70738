/* See arrays.h. */
#include "arrays.h"

bool arguments(const char *function, Py_ssize_t given, Py_ssize_t wanted) {
    if (given == wanted) return true;
    PyErr_Format(PyExc_TypeError, "%s takes %zd arguments, got %zd", function, wanted, given);
    return false;
}

static bool is_type(int have, int64_t item, int wanted) {
    if (wanted == FLOATS) return have == NPY_FLOAT || have == NPY_DOUBLE;
    if (wanted == INT64S) return PyTypeNum_ISSIGNED(have) && PyTypeNum_ISINTEGER(have) && item == 8;
    return have == wanted;
}

/* Lowest and highest byte; false if an axis's extent overflows (NumPy makes no such array). */
static bool extent(Array *a) {
    int64_t below = 0, above = 0;
    for (int i = 0; i < a->axes; i++) {
        int64_t reach, bytes;
        if (__builtin_mul_overflow(a->shape[i] - 1, a->step[i], &reach)) return false;
        if (__builtin_mul_overflow(reach, a->item, &bytes)) return false;
        if (__builtin_add_overflow(bytes < 0 ? below : above, bytes, bytes < 0 ? &below : &above)) return false;
    }
    a->low = a->data + below, a->high = a->data + above + a->item;
    return true;
}

/* Whether two elements may share a place: sorted by step, each step must go beyond all shorter axes. */
static bool overlaps_itself(const Array *a) {
    int order[MOST_AXES], n = 0;
    for (int i = 0; i < a->axes; i++) {
        if (a->shape[i] < 2) continue;
        int j = n++;
        for (; j && llabs(a->step[order[j - 1]]) > llabs(a->step[i]); j--) order[j] = order[j - 1];
        order[j] = i;
    }
    int64_t reach = 0;
    for (int j = 0; j < n; j++) {
        int64_t step = llabs(a->step[order[j]]);
        if (step <= reach) return true;
        reach += step * (a->shape[order[j]] - 1);
    }
    return false;
}

bool read_array(PyObject *object, const char *name, int how, int type, int axes, Array *a) {
    memset(a, 0, sizeof *a);
    a->name = name;
    if (object == Py_None && how & OPTIONAL) return true;
    if (!PyArray_Check(object)) {
        PyErr_Format(PyExc_TypeError, "%s must be a NumPy array, got %.100s", name, Py_TYPE(object)->tp_name);
        return false;
    }
    PyArrayObject *array = (PyArrayObject *)object;
    a->type = PyArray_TYPE(array), a->item = PyArray_ITEMSIZE(array), a->axes = PyArray_NDIM(array);
    if (!is_type(a->type, a->item, type)) {
        PyErr_Format(PyExc_TypeError, "%s has the wrong type: %S", name, (PyObject *)PyArray_DESCR(array));
        return false;
    }
    if (!PyArray_ISNOTSWAPPED(array) || !PyArray_ISALIGNED(array)) {
        PyErr_Format(PyExc_ValueError, "%s must be aligned and of the machine's byte order", name);
        return false;
    }
    if (a->axes > MOST_AXES || (axes != ANY && a->axes != axes)) {
        PyErr_Format(PyExc_ValueError, "%s has %d axes, which is not what fits", name, a->axes);
        return false;
    }
    a->data = PyArray_BYTES(array), a->size = 1;
    int64_t dense = 1;
    bool c_order = true;
    for (int i = a->axes - 1; i >= 0; i--) {
        int64_t bytes = PyArray_STRIDE(array, i);
        a->shape[i] = PyArray_DIM(array, i);
        if (bytes % a->item && a->shape[i] > 1) {
            PyErr_Format(PyExc_ValueError, "%s: the strides are no multiples of its elements", name);
            return false;
        }
        a->step[i] = a->shape[i] > 1 ? bytes / a->item : 0;
        if (a->shape[i] > 1) c_order &= a->step[i] == dense;
        if (__builtin_mul_overflow(dense, a->shape[i], &dense)) {
            PyErr_Format(PyExc_ValueError, "%s has too many elements", name);
            return false;
        }
    }
    a->size = dense;
    if (!a->size) a->low = a->high = a->data;
    else if (!extent(a)) {
        PyErr_Format(PyExc_ValueError, "%s reaches beyond all memory", name);
        return false;
    }
    if (a->size && !(how & STRIDED) && !c_order) {
        PyErr_Format(PyExc_ValueError, "%s must be C-contiguous", name);
        return false;
    }
    if (how & WRITE) {
        if (!PyArray_ISWRITEABLE(array)) {
            PyErr_Format(PyExc_ValueError, "%s is read-only", name);
            return false;
        }
        if (a->size && how & STRIDED && overlaps_itself(a)) {
            PyErr_Format(PyExc_ValueError, "%s has elements that share a place", name);
            return false;
        }
    }
    return true;
}

bool read_integer(PyObject *object, const char *name, int64_t least, int64_t most, int64_t *value) {
    int overflow = 0;
    long long v;
    if (!PyLong_Check(object) || PyBool_Check(object)) {
        PyErr_Format(PyExc_TypeError, "%s must be an integer, got %.100s", name, Py_TYPE(object)->tp_name);
        return false;
    }
    v = PyLong_AsLongLongAndOverflow(object, &overflow);
    if (overflow || v < least || v > most) {
        PyErr_Format(PyExc_ValueError, "%s is %S, which is not in %lld..%lld", name, object, (long long)least, (long long)most);
        return false;
    }
    *value = v;
    return true;
}

bool read_integers(PyObject *object, const char *name, int n, int64_t least, int64_t most, int64_t *values) {
    if (!PyTuple_Check(object) || PyTuple_GET_SIZE(object) != n) {
        PyErr_Format(PyExc_TypeError, "%s must be a tuple of %d integers, got %R", name, n, object);
        return false;
    }
    for (int i = 0; i < n; i++)
        if (!read_integer(PyTuple_GET_ITEM(object, i), name, least, most, values + i)) return false;
    return true;
}

bool read_number(PyObject *object, const char *name, double *value) {
    if (!PyFloat_Check(object) && (!PyLong_Check(object) || PyBool_Check(object))) {
        PyErr_Format(PyExc_TypeError, "%s must be a number, got %.100s", name, Py_TYPE(object)->tp_name);
        return false;
    }
    *value = PyFloat_AsDouble(object);
    return !(*value == -1 && PyErr_Occurred());
}

bool same_type(const Array *a, const Array *b) {
    if (!a->data || !b->data || a->type == b->type) return true;
    PyErr_Format(PyExc_TypeError, "%s and %s must be of one type", a->name, b->name);
    return false;
}

bool has_shape(const Array *a, int axes, const int64_t *shape) {
    if (!a->data) return true;
    bool same = a->axes == axes;
    for (int i = 0; same && i < axes; i++) same = a->shape[i] == shape[i];
    if (!same) PyErr_Format(PyExc_ValueError, "%s does not have the shape that fits the other arguments", a->name);
    return same;
}

bool same_shape(const Array *a, const Array *b) { return !b->data || has_shape(a, b->axes, b->shape); }

bool apart(const Array *out, const Array *in, bool in_place) {
    if (!out->data || !in->data || !out->size || !in->size || out->high <= in->low || in->high <= out->low) return true;
    if (in_place && out->data == in->data && out->item == in->item && out->axes == in->axes) {
        bool same = true;
        for (int i = 0; i < in->axes; i++) same &= out->shape[i] == in->shape[i] && out->step[i] == in->step[i];
        if (same) return true;
    }
    PyErr_Format(PyExc_ValueError, "%s and %s share memory", out->name, in->name);
    return false;
}

bool times(int64_t a, int64_t b, int64_t *product) {
    if (!__builtin_mul_overflow(a, b, product) && *product <= INT64_MAX / 64) return true;
    PyErr_NoMemory();
    return false;
}

bool plus(int64_t a, int64_t b, int64_t *sum) {
    if (!__builtin_add_overflow(a, b, sum) && *sum <= INT64_MAX / 64) return true;
    PyErr_NoMemory();
    return false;
}
