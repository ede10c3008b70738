/* The extension module `autograd.kernels.native._native`: which instruction set, how many threads, and the
   functions of all families. How to add a family is told in the README beside this file.

   What a call costs besides its kernel is 0.1 to 0.3 microseconds: positional arguments only, arrays made
   by the caller. All arguments are checked by the functions of arrays.h before a pointer is touched. */
#define GLASS_MODULE
#include "families.h"

static int active = BASE, best = BASE;
static const char *const names[SETS] = {
#if defined(__x86_64__)
    "sse2", "avx2", "avx512"
#elif defined(__aarch64__)
    "neon", NULL, NULL
#else
    "plain", NULL, NULL
#endif
};

const Kernels *kernels_for(const Array *a) {
#if defined(__x86_64__)
    static const Kernels *const tables[SETS][2] = {
        {&table_float_base, &table_double_base},
        {&table_float_avx2, &table_double_avx2},
        {&table_float_avx512, &table_double_avx512},
    };
#else
    static const Kernels *const tables[1][2] = {{&table_float_base, &table_double_base}};
#endif
    return tables[active][a->type == NPY_DOUBLE];
}

static int find_best(void) {
#if defined(__x86_64__)
    __builtin_cpu_init();
    bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    if (avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
        __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw"))
        return AVX512;
    if (avx2) return AVX2;
#endif
    return BASE;
}

FUNCTION(instruction_set) {
    (void)module, (void)args;
    return arguments("instruction_set", n, 0) ? PyUnicode_FromString(names[active]) : NULL;
}

FUNCTION(instruction_sets) {
    (void)module, (void)args;
    if (!arguments("instruction_sets", n, 0)) return NULL;
    PyObject *all = PyTuple_New(best + 1);
    for (int i = 0; all && i <= best; i++) {
        PyObject *name = PyUnicode_FromString(names[i]);
        if (!name) Py_CLEAR(all);
        else PyTuple_SET_ITEM(all, i, name);
    }
    return all;
}

FUNCTION(use_instruction_set) {
    (void)module;
    if (!arguments("use_instruction_set", n, 1)) return NULL;
    if (PyUnicode_Check(args[0]))
        for (int i = 0; i <= best; i++)
            if (!PyUnicode_CompareWithASCIIString(args[0], names[i])) {
                active = i;
                Py_RETURN_NONE;
            }
    return PyErr_Format(PyExc_ValueError, "no instruction set of this processor: %R", args[0]);
}

FUNCTION(set_num_threads) {
    int64_t count;
    (void)module;
    if (!arguments("set_num_threads", n, 1) || !read_integer(args[0], "n", 1, INT64_MAX, &count)) return NULL;
    threads_set((int)LEAST(count, 1 << 20));
    Py_RETURN_NONE;
}

FUNCTION(get_num_threads) {
    (void)module, (void)args;
    return arguments("get_num_threads", n, 0) ? PyLong_FromLong(threads_get()) : NULL;
}

FUNCTION(started_threads) {
    (void)module, (void)args;
    return arguments("started_threads", n, 0) ? PyLong_FromLong(threads_started()) : NULL;
}

FUNCTION(cached_bytes) {
    (void)module, (void)args;
    return arguments("cached_bytes", n, 0) ? PyLong_FromSize_t(scratch_kept()) : NULL;
}

FUNCTION(empty_cache) {
    (void)module, (void)args;
    if (!arguments("empty_cache", n, 0)) return NULL;
    scratch_clear();
    Py_RETURN_NONE;
}

static PyMethodDef module_methods[] = {
    METHOD(instruction_set, "instruction_set(): the one in use."),
    METHOD(instruction_sets, "instruction_sets(): those that this processor has, the best one last."),
    METHOD(use_instruction_set, "use_instruction_set(name): compute with this one from now on."),
    METHOD(set_num_threads, "set_num_threads(n): the most that a kernel may use."),
    METHOD(get_num_threads, "get_num_threads()"),
    METHOD(started_threads, "started_threads(): helpers that exist in this process."),
    METHOD(cached_bytes, "cached_bytes(): scratch memory kept for later."),
    METHOD(empty_cache, "empty_cache(): gives the scratch memory back to the system."),
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, "_native", "Kernels in C; see the README beside their sources.", -1, module_methods,
    NULL, NULL, NULL, NULL,
};

PyMODINIT_FUNC PyInit__native(void) {
    import_array();
    if (threads_init()) return PyErr_NoMemory();
    PyObject *module = PyModule_Create(&definition);
    active = best = find_best();
#define ADD(table) if (module && PyModule_AddFunctions(module, table)) Py_CLEAR(module);
    METHOD_TABLES(ADD)
#undef ADD
    return module;
}
