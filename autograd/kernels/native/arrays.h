/* The one place where what comes from Python is looked at: after it every pointer, shape and step can be
   trusted. Each function returns false with a Python error set, TypeError or ValueError, that names the
   function's argument. */
#ifndef GLASS_ARRAYS_H
#define GLASS_ARRAYS_H
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#define NPY_NO_DEPRECATED_API NPY_2_0_API_VERSION
#define NPY_TARGET_VERSION NPY_2_0_API_VERSION
#define PY_ARRAY_UNIQUE_SYMBOL glass_numpy
#ifndef GLASS_MODULE
#define NO_IMPORT_ARRAY
#endif
#include <numpy/arrayobject.h>
#include <stdbool.h>
#include <stdint.h>
#include "kernels.h"

enum { MOST_AXES = 8, ANY = -1 };
/* Types: NumPy's own numbers (NPY_FLOAT, NPY_BOOL...), or one of these. */
enum { FLOATS = -1, INT64S = -2 };  /* float32 or float64; any integer type of 64 bits with a sign */
/* How an array is used. */
enum {
    READ = 0,
    WRITE = 1,     /* must be writeable, no two of its elements in one place */
    STRIDED = 2,   /* any steps, negative and zero ones too (of WRITE: none that overlap); without it C order */
    OPTIONAL = 4,  /* None gives data == NULL */
};

typedef struct {
    char *data;
    int type, axes;
    int64_t item, size;                          /* bytes of an element, elements */
    int64_t shape[MOST_AXES], step[MOST_AXES];   /* steps in elements; those of axes of length 1 are 0 */
    const char *name, *low, *high;               /* all bytes it touches are in low <= p < high */
} Array;

/* As many arguments as the function takes? */
bool arguments(const char *function, Py_ssize_t given, Py_ssize_t wanted);
/* An array of that type and so many axes (or ANY of at most MOST_AXES); native, aligned elements. */
bool read_array(PyObject *object, const char *name, int how, int type, int axes, Array *a);
/* A whole number in least..most; a tuple of them; a float (integers too). */
bool read_integer(PyObject *object, const char *name, int64_t least, int64_t most, int64_t *value);
bool read_integers(PyObject *object, const char *name, int n, int64_t least, int64_t most, int64_t *values);
bool read_number(PyObject *object, const char *name, double *value);
/* Of one type; of one shape; of this shape. An absent array (None) passes all of them. */
bool same_type(const Array *a, const Array *b);
bool same_shape(const Array *a, const Array *b);
bool has_shape(const Array *a, int axes, const int64_t *shape);
/* `out` shares no memory with `in`; `in_place`: or begins and lies exactly as `in` does. */
bool apart(const Array *out, const Array *in, bool in_place);

/* The table for an array's type and the instruction set in use. */
const Kernels *kernels_for(const Array *a);
/* a * b (or a + b) without overflow, else false and MemoryError. */
bool times(int64_t a, int64_t b, int64_t *product);
bool plus(int64_t a, int64_t b, int64_t *sum);

/* Runs a statement without the interpreter's lock where `work` (multiplications) is worth the switch. */
#define UNLOCKED(work, statement) \
    do { \
        if ((work) < 2 * TUNED_PIECE_ELEMENTS) { statement; } \
        else { Py_BEGIN_ALLOW_THREADS statement; Py_END_ALLOW_THREADS } \
    } while (0)

/* A function for Python: `args` are its `n` positional arguments. */
#define FUNCTION(name) \
    static PyObject *name(PyObject *module, PyObject *const *args, Py_ssize_t n)
/* Its entry in a family's table of methods. */
#define METHOD(name, doc) {#name, (PyCFunction)(void (*)(void))name, METH_FASTCALL, PyDoc_STR(doc)}

#endif
