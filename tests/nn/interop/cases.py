"""Calls of ATen operators, for every line of the table, with the arguments that matter.

A call is written as ATen takes it, with markers for tensors:
    x(2, 3)        floats from a normal distribution     p(2, 3)     floats between 0.1 and 0.9
    i(5, 2, 3)     integers from 0 to 4                  b(2, 3)     booleans
    of([1, 2])     exactly these numbers                 dt("int64") a dtype
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

from nn.interop import operators


class x(tuple):
    def __new__(cls, *shape):
        return super().__new__(cls, shape)


class p(x):
    pass


class b(x):
    pass


class i(x):
    """The first number is the bound."""


class of(NamedTuple):
    values: Any
    dtype: str = "float64"


class fixed(of):
    """Numbers that get no gradient, as PyTorch has none for this argument."""


class dt(str):
    pass


CASES: dict[str, list[tuple[tuple, dict]]] = {}


def case(operator: str, *args: Any, **kwargs: Any) -> None:
    CASES.setdefault(operator, []).append((args, kwargs))


ints = of([[3, -7, 2], [5, 4, -6]], "int64")
small = of([1.5, -2.0, 3.0], "float32")
ties = of([[1.0, 2.0, 2.0, 0.5], [3.0, 3.0, -1.0, 3.0]])

# Elementwise --------------------------------------------------------------------------------------

for op in ("add", "sub", "subtract", "rsub"):
    case(f"{op}.Tensor", x(2, 3), x(3))
    case(f"{op}.Tensor", x(2, 3), x(2, 1), alpha=-2.5)
    case(f"{op}.Scalar", x(2, 3), 2, 3)
    case(f"{op}.Tensor", ints, x(3))
    case(f"{op}.Tensor", ints, small)
    case(f"{op}.Tensor", small, x())
    case(f"{op}.Tensor", x(3), of(2, "int64"))
    case(f"{op}.Tensor", ints, ints, alpha=2)
case("add.Tensor", b(3), b(3))
case("add.Tensor", ints, 1.5)
for op in ("mul", "multiply"):
    case(f"{op}.Tensor", x(2, 3), x(2, 1))
    case(f"{op}.Tensor", x(2, 3), 2.5)
    case(f"{op}.Tensor", ints, small)
    case(f"{op}.Tensor", b(3), ints)
    case(f"{op}.Scalar", x(2, 3), 3)
for op in ("div", "divide"):
    case(f"{op}.Tensor", x(2, 3), x(3))
    case(f"{op}.Tensor", ints, of([2, 3, 4], "int64"))
    case(f"{op}.Scalar", ints, 2)
    for mode in ("floor", "trunc", None):
        case(f"{op}.Tensor_mode", of([[3.5, -7.2, 2.0]]), of([2.0, 2.0, -1.5]), rounding_mode=mode)
        case(f"{op}.Tensor_mode", ints, of([2, 3, 4], "int64"), rounding_mode=mode)
        case(f"{op}.Scalar_mode", ints, -2, rounding_mode=mode)
case("true_divide.Tensor", ints, of(2, "int64"))
case("floor_divide.default", ints, of([2, -3, 4], "int64"))
case("floor_divide.Scalar", of([3.5, -7.2]), 2)
case("remainder.Tensor", of([3.5, -7.2, 2.0]), of([2.0, 2.0, -1.5]))
case("remainder.Scalar", ints, 4)
case("fmod.Tensor", of([3.5, -7.2, 2.0]), of([2.0, 2.0, -1.5]))
case("fmod.Scalar", of([3.5, -7.2, 2.0]), 2)
case("pow.Tensor_Tensor", p(2, 3), x(3))
for exponent in (2, 3, 0.5, -1, 0, 1.0):
    case("pow.Tensor_Scalar", p(2, 3), exponent)
case("pow.Tensor_Scalar", x(2, 3), 3)
case("pow.Tensor_Scalar", ints, 2)
case("pow.Scalar", 2, x(3))
case("float_power.Tensor_Scalar", ints, 2)
for op in ("maximum", "minimum", "fmax", "fmin"):
    case(f"{op}.default", x(2, 3), x(3))
    case(f"{op}.default", of([1.0, 2.0]), of([1.0, 3.0]))
case("max.other", x(3), of([1, 0, 2], "int64"))
case("min.other", x(3), x(2, 3))
for op in ("clamp", "clip"):
    case(f"{op}.default", x(2, 3), -0.5, 0.5)
    case(f"{op}.default", x(2, 3), None, 0)
    case(f"{op}.default", ints, 0)
    case(f"{op}.Tensor", x(2, 3), x(3), p(2, 1))
case("clamp.default", of([-1.0, 0.0, 1.0]), 0.0, 1.0)
case("clamp_min.default", x(2, 3), 0)
case("clamp_min.Tensor", x(2, 3), x(3))
case("clamp_max.default", x(2, 3), 0.3)
case("clamp_max.Tensor", x(2, 3), x(3))
for op in ("atan2", "arctan2", "hypot", "copysign", "logaddexp", "logaddexp2"):
    overload = "Tensor" if op == "copysign" else "default"
    case(f"{op}.{overload}", x(2, 3), x(3))
case("copysign.Scalar", x(3), -1)
case("heaviside.default", of([-1.0, 0.0, 2.0]), of([0.5]))
case("ldexp.Tensor", x(3), of([1, 2, 0], "int64"))
case("special_entr.default", p(3))
case("special_ndtr.default", x(2, 3))
case("xlogy.Tensor", of([0.0, 1.0, 2.0]), of([0.5, 2.0, 3.0]))
case("xlogy.Scalar_Other", p(3), 2.0)
case("xlogy.Scalar_Self", 2.0, p(3))
case("special_xlogy.default", p(3), p(3))
case("special_xlog1py.default", p(3), p(3))
case("addcmul.default", x(2, 3), x(3), x(2, 1), value=0.5)
case("addcdiv.default", x(2, 3), x(3), p(2, 1), value=-2)
case("lerp.Scalar", x(3), x(3), 0.3)
case("lerp.Tensor", x(2, 3), x(3), p(3))
for op in ("exp", "exp2", "special_exp2", "expm1", "special_expm1", "sin", "cos", "tan", "atan",
           "arctan", "sinh", "cosh", "asinh", "arcsinh", "erf", "special_erf", "erfc",
           "special_erfc", "sinc", "special_sinc", "deg2rad", "rad2deg", "sigmoid",
           "special_expit", "tanh"):  # fmt: skip
    case(f"{op}.default", x(2, 3))
    case(f"{op}.default", of([1, 0, 2], "int64"))
for op in ("log", "log2", "log10", "log1p", "special_log1p", "sqrt", "rsqrt", "reciprocal", "asin",
           "arcsin", "acos", "arccos", "atanh", "arctanh", "logit", "special_logit"):  # fmt: skip
    case(f"{op}.default", p(2, 3))
for op in ("lgamma", "digamma", "erfinv"):
    if operators.find(f"{op}.default"):
        case(f"{op}.default", p(2, 3))
case("sqrt.default", of([4, 9], "int64"))
case("logit.default", p(4), 0.3)
for op in ("acosh", "arccosh"):
    case(f"{op}.default", of([1.5, 2.0]))
for op in ("square", "neg", "negative", "positive", "abs", "absolute", "sign", "sgn", "floor",
           "ceil", "round", "trunc", "fix", "frac", "isnan", "isinf", "isfinite", "isposinf",
           "isneginf", "signbit", "nan_to_num", "clone", "alias", "contiguous", "detach",
           "lift_fresh", "lift_fresh_copy", "detach_copy"):  # fmt: skip
    case(f"{op}.default", x(2, 3))
for op in ("square", "neg", "abs", "sign", "floor", "round"):
    case(f"{op}.default", ints)
case("abs.default", of([0.0, -1.0]))
case("round.decimals", x(3), decimals=2)
case("nan_to_num.default", of([math.nan, math.inf, -math.inf, 1.0]), 2.0, 5.0)
for op in ("isnan", "isinf", "isfinite", "isposinf", "isneginf"):
    case(f"{op}.default", of([math.nan, math.inf, -math.inf, 1.0]))
for op in ("eq", "ne", "not_equal", "lt", "less", "le", "less_equal", "gt", "greater", "ge",
           "greater_equal"):  # fmt: skip
    case(f"{op}.Tensor", of([1.0, 2.0, 3.0]), of([[3.0], [2.0]]))
    case(f"{op}.Scalar", ints, 2.5)
    case(f"{op}.Tensor", ints, small)
case("equal.default", ints, ints)
case("allclose.default", small, small)
case("isclose.default", of([1.0, 2.0]), of([1.0 + 1e-9, 2.1]))
for op in ("logical_and", "logical_or", "logical_xor"):
    case(f"{op}.default", of([0.0, 1.0, 2.0]), of([1, 0, 1], "int64"))
    case(f"{op}.default", b(4), b(4))
case("logical_not.default", of([0.0, 1.0]))
case("logical_not.default", b(4))
for op in ("bitwise_and", "bitwise_or", "bitwise_xor"):
    case(f"{op}.Tensor", ints, ints)
    case(f"{op}.Tensor", b(4), b(4))
    case(f"{op}.Scalar", ints, 3)
for op in ("__and__", "__or__", "__xor__"):
    case(f"{op}.Tensor", b(4), b(4))
    case(f"{op}.Scalar", ints, 3)
for op in ("__iand__", "__ior__", "__ixor__"):
    case(f"{op}.Tensor", b(4), b(4))
case("bitwise_not.default", b(4))
case("bitwise_not.default", ints)
for op in ("bitwise_left_shift", "bitwise_right_shift"):
    case(f"{op}.Tensor", of([1, 5], "int64"), of([2, 1], "int64"))
for op in ("__lshift__", "__rshift__"):
    case(f"{op}.Scalar", of([1, 5], "int64"), 2)
case("where.self", b(2, 3), x(2, 3), x(3))
case("where.self", b(3), small, x(3))
case("where.ScalarSelf", b(3), 2.0, x(3))
case("where.ScalarOther", b(3), x(3), 0)
case("where.Scalar", b(3), 1.0, 0.0)
case("where.default", b(2, 3))
case("masked_fill.Scalar", x(2, 3), b(3), -2)
case("masked_fill.Scalar", ints, b(3), 7)
case("masked_fill.Tensor", x(2, 3), b(2, 1), of(1.5))
case("to.dtype", ints, dt("float64"))
case("to.dtype", x(3), dt("float32"))
case("to.dtype", x(3), dt("int64"))
case("to.dtype", x(3), dt("bool"))
case("to.other", ints, x(2))
case("to.dtype_layout", ints, dtype=dt("float32"))
case("_to_copy.default", ints, dtype=dt("float32"))
case("type_as.default", ints, small)
case("copy.default", x(2, 3), x(3))
case("copy.default", small, ints_row := of([1, 2, 3], "int64"))
case("fill.Scalar", x(2, 3), 2)
case("fill.Tensor", x(2, 3), x())
case("zero.default", x(2, 3))

# Activations --------------------------------------------------------------------------------------

for op in ("relu", "relu6", "selu", "silu", "mish", "hardsigmoid", "hardswish", "log_sigmoid"):
    case(f"{op}.default", x(2, 6))
    case(f"{op}.default", of([-4.0, -3.0, 0.0, 3.0, 6.0, 7.0]))
case("relu.default", ints)
case("log_sigmoid_forward.default", x(2, 3))
case("leaky_relu.default", x(2, 3))
case("leaky_relu.default", x(2, 3), 0.2)
case("elu.default", x(2, 3))
case("elu.default", x(2, 3), 1.5, 2.0, 0.5)
case("celu.default", x(2, 3), 1.5)
case("gelu.default", x(2, 3))
case("gelu.default", x(2, 3), approximate="tanh")
case("softplus.default", x(2, 3))
case("softplus.default", of([-1.0, 3.0, 8.0]), 2, 5)
for op in ("softshrink", "hardshrink"):
    case(f"{op}.default", x(2, 6))
    case(f"{op}.default", x(2, 6), 1)
case("hardtanh.default", x(2, 6))
case("hardtanh.default", x(2, 6), 0, 2)
case("threshold.default", x(2, 6), 0.3, 20)
case("glu.default", x(2, 6))
case("glu.default", x(4, 3), 0)
case("prelu.default", x(2, 3, 4), p(3))
case("prelu.default", x(2, 3), p(1))
case("_prelu_kernel.default", x(2, 3), p(1, 3))
for op in ("softmax", "log_softmax"):
    case(f"{op}.int", x(2, 3, 4), 1)
    case(f"{op}.int", x(2, 3), -1, dt("float32"))
    case(f"{op}.int", of([1.0, 1000.0]), 0)
    case(f"_{op}.default", x(2, 3), 1, False)
    case(f"special_{op}.default" if op == "log_softmax" else f"special_{op}.default", x(2, 3), 0)
case("_safe_softmax.default", of([[1.0, -math.inf], [-math.inf, -math.inf]]), -1)
case("_safe_softmax.default", x(2, 3), 0)

# Reductions ---------------------------------------------------------------------------------------

for op in ("sum", "mean"):
    case(f"{op}.default", x(2, 3))
    for dim in (1, [0, 2], [-1], [], None):
        dims = [dim] if isinstance(dim, int) else dim
        case(f"{op}.{'dim_IntList' if op == 'sum' else 'dim'}", x(2, 3, 4), dims)
        case(f"{op}.{'dim_IntList' if op == 'sum' else 'dim'}", x(2, 3, 4), dims, True)
case("sum.default", ints)
case("sum.default", b(4))
case("sum.dim_IntList", b(2, 3), [1])
case("sum.dim_IntList", small, [0], dtype=dt("float64"))
case("mean.dim", ints, [1], dtype=dt("float64"))
case("sum.dim_IntList", x(), [0])
case("nansum.default", of([[math.nan, 1.0], [2.0, 3.0]]), [1])
case("nanmean.default", of([[math.nan, 1.0], [2.0, 3.0]]), [1], True)
case("prod.default", x(2, 3))
case("prod.dim_int", of([[2.0, 0.0, 5.0], [1.0, 2.0, 3.0]]), 1, True)
case("prod.default", ints)
case("count_nonzero.default", of([[0.0, 1.0], [2.0, 3.0]]))
case("count_nonzero.dim_IntList", of([[0.0, 1.0], [2.0, 3.0]]), [0])
for op in ("any", "all"):
    case(f"{op}.default", b(2, 3))
    case(f"{op}.dim", of([[0.0, 1.0], [2.0, 3.0]]), 1, True)
    case(f"{op}.dims", b(2, 3, 2), [0, 2])
case("logsumexp.default", x(2, 3), [1])
case("logsumexp.default", x(2, 3), [0, 1], True)
case("special_logsumexp.default", x(2, 3), [0])
for op in ("var", "std", "var_mean", "std_mean"):
    case(f"{op}.correction", x(2, 3, 4), [1], correction=0)
    case(f"{op}.correction", x(2, 3, 4), [0, 2], correction=2, keepdim=True)
    case(f"{op}.correction", x(2, 3))
    case(f"{op}.dim", x(2, 3), [1], False, True)
    case(f"{op}.dim", x(2, 3), [0])
    case(f"{op}.default", x(2, 3))
    case(f"{op}.default", x(2, 3), False)
for op in ("max", "min"):
    case(f"{op}.default", ties)
    case(f"{op}.dim", ties, 1)
    case(f"{op}.dim", x(2, 3, 4), -2, True)
    case(f"{op}.dim", x(), 0)
    case(f"arg{op}.default", x(2, 3))
    case(f"arg{op}.default", x(2, 3), 1, True)
    case(f"a{op}.default", ties, [1])
    case(f"a{op}.default", ties)
    case(f"a{op}.default", x(2, 3, 4), [0, 2], True)
case("aminmax.default", x(2, 3))
case("aminmax.default", x(2, 3), dim=1, keepdim=True)
for order in (2, 1, 3.0, math.inf, -math.inf, 0):
    case("linalg_vector_norm.default", x(2, 3, 4), order, [1])
case("linalg_vector_norm.default", x(2, 3, 4), 2, [0, 2], True)
case("linalg_vector_norm.default", x(2, 3))
case("linalg_vector_norm.default", of([[0.0, 0.0], [3.0, 4.0]]), 2, [1])
case("linalg_matrix_norm.default", x(3, 4), 1)
case("linalg_matrix_norm.str_ord", x(2, 3, 4), "fro", [1, 2], True)
case("linalg_norm.default", x(2, 3))
case("linalg_norm.default", x(2, 3), 1, [1])
case("linalg_norm.ord_str", x(2, 3), "fro")
case("norm.Scalar", x(2, 3))
case("norm.ScalarOpt_dim", x(2, 3), 1, [1], True)
case("frobenius_norm.dim", x(2, 3), [1])
case("dist.default", x(2, 3), x(2, 3), 1)
case("pairwise_distance.default", x(2, 3), x(2, 3))
case("pairwise_distance.default", x(2, 3), x(2, 3), 1.0, 1e-3, True)
case("cdist.default", x(4, 3), x(5, 3))
case("cdist.default", x(2, 4, 3), x(2, 5, 3), 1.0)
case("_cdist_forward.default", x(4, 3), x(5, 3), 2.0, None)
case("pdist.default", x(4, 3))
case("_pdist_forward.default", x(4, 3), 1.0)
case("cosine_similarity.default", x(2, 3), x(2, 3))
case("cosine_similarity.default", x(2, 3), x(2, 3), 0, 1e-3)
for op in ("cumsum", "cumprod"):
    case(f"{op}.default", x(2, 3), 1)
    case(f"{op}.default", ints, 0)
case("cumsum.default", b(4), 0)
case("cumprod.default", of([2.0, 0.0, 3.0]), 0)
for op in ("cummax", "cummin"):
    case(f"{op}.default", x(3, 4), 1)
    case(f"{op}.default", ties, -1)
    case(f"{op}.default", x(4, 2), 0)
case("logcumsumexp.default", x(2, 4), 1)
case("diff.default", x(2, 4))
case("diff.default", x(4, 3), 2, 0, x(1, 3))
for descending in (False, True):
    case("sort.default", x(2, 5), -1, descending)
    case("sort.stable", ties, stable=True, dim=1, descending=descending)
    case("argsort.default", x(2, 5), 0, descending)
    case("argsort.stable", ties, stable=True, dim=1, descending=descending)
    case("topk.default", x(2, 5), 3, 1, descending)
case("topk.default", x(5, 2), 2, 0)
case("msort.default", x(4, 2))
case("kthvalue.default", x(2, 5), 2)
case("kthvalue.default", x(5, 2), 3, 0, True)
case("median.default", x(2, 4))
case("nanmedian.dim", of([[math.nan, 1.0, 3.0, 2.0], [4.0, 3.0, 2.0, 1.0]]), 1)
case("trapezoid.dx", x(2, 4), dx=0.5)
case("trapezoid.x", x(2, 4), of([0.0, 1.0, 1.5, 3.0]))
case("median.dim", x(2, 4), 1)
case("median.dim", x(5, 2), 0, True)
case("nanmedian.default", of([math.nan, 1.0, 3.0, 2.0]))
case("quantile.scalar", x(2, 5), 0.3, 1)
case("quantile.default", x(2, 5), of([0.25, 0.5]), 1, True)
case("quantile.scalar", x(2, 5), 0.6, interpolation="lower")
sorted_numbers = of([1.0, 2.0, 3.0, 5.0])
case("searchsorted.Tensor", sorted_numbers, of([[0.0, 2.0], [4.0, 6.0]]))
case("searchsorted.Tensor", of([[1.0, 2.0], [3.0, 5.0]]), of([[1.5, 2.0], [4.0, 6.0]]), right=True)
case("searchsorted.Scalar", sorted_numbers, 2.0)
case("bucketize.Tensor", of([[0.0, 2.0], [4.0, 6.0]]), sorted_numbers)
case("bucketize.Tensor", of([2.0]), sorted_numbers, right=True, out_int32=True)

# Shapes -------------------------------------------------------------------------------------------

for op in ("view", "reshape", "_unsafe_view", "view_copy"):
    case(f"{op}.default", x(2, 6), [3, -1])
    case(f"{op}.default", x(2, 6), [-1])
case("_reshape_alias.default", x(2, 6), [3, 4], [4, 1])
for op in ("view_as", "reshape_as", "expand_as"):
    case(f"{op}.default", x(2, 1) if op == "expand_as" else x(6), x(2, 3))
case("flatten.using_ints", x(2, 3, 4))
case("flatten.using_ints", x(2, 3, 4), 1)
case("flatten.using_ints", x(2, 3, 4), -3, -2)
case("flatten.using_ints", x())
case("ravel.default", x(2, 3))
case("unflatten.int", x(2, 6), 1, [2, -1])
case("squeeze.default", x(1, 2, 1))
case("squeeze.dim", x(1, 2, 1), 0)
case("squeeze.dim", x(1, 2, 1), 1)
case("squeeze.dims", x(1, 2, 1), [0, 1])
case("unsqueeze.default", x(2, 3), -1)
case("unsqueeze.default", x(2, 3), 1)
for op in ("transpose.int", "swapaxes.default", "swapdims.default"):
    case(op, x(2, 3, 4), 0, -1)
for op in ("t.default", "numpy_T.default", "mT.default", "mH.default", "matrix_H.default"):
    case(op, x(2, 3))
case("adjoint.default", x(2, 3))
case("t.default", x(3))
case("mT.default", x(2, 3, 4))
case("permute.default", x(2, 3, 4), [2, 0, -2])
for op in ("movedim", "moveaxis"):
    case(f"{op}.int", x(2, 3, 4), 0, -1)
    case(f"{op}.intlist", x(2, 3, 4), [0, 1], [2, 0])
case("expand.default", x(2, 1, 3), [2, 4, 3])
case("expand.default", x(1, 3), [2, -1, -1])
case("broadcast_to.default", x(1, 3), [2, 3])
case("broadcast_tensors.default", [x(2, 1), x(3)])
case("repeat.default", x(2, 3), [2, 1, 3])
case("tile.default", x(2, 3), [2])
case("tile.default", x(3), [2, 1])
case("repeat_interleave.self_int", x(2, 3), 2)
case("repeat_interleave.self_int", x(2, 3), 2, 1)
case("repeat_interleave.self_Tensor", x(2, 3), of([1, 0, 2], "int64"), 1)
case("repeat_interleave.Tensor", of([1, 0, 2], "int64"))
case("flip.default", x(2, 3), [0, -1])
case("fliplr.default", x(2, 3))
case("flipud.default", x(2, 3))
case("roll.default", x(2, 3), [1], [1])
case("roll.default", x(2, 3), [1, -2], [0, 1])
case("roll.default", x(2, 3), [2])
case("rot90.default", x(2, 3), 1, [0, 1])
case("rot90.default", x(2, 3), -1, [1, 0])
for op in ("tril", "triu"):
    case(f"{op}.default", x(3, 4))
    case(f"{op}.default", x(2, 3, 3), -1)
    case(f"{op}.default", ints, 1)
case("diagonal.default", x(3, 4))
case("diagonal.default", x(2, 3, 4), 1, 1, 2)
case("linalg_diagonal.default", x(2, 3, 4), offset=-1)
case("diag.default", x(3), 1)
case("diag.default", x(3, 3), -1)
case("diag_embed.default", x(2, 3))
case("diag_embed.default", x(2, 3), 1, 0, 2)
case("diagflat.default", x(3), -1)
case("trace.default", x(3, 3))
case("unfold.default", x(2, 7), 1, 3, 2)
case("unfold.default", x(5, 2), 0, 2, 1)
case("im2col.default", x(1, 2, 4, 5), [2, 3], [1, 1], [1, 0], [2, 1])
case("col2im.default", x(1, 8, 6), [3, 4], [2, 2], [1, 1], [0, 0], [1, 1])
case("pixel_shuffle.default", x(1, 8, 2, 3), 2)
case("pixel_unshuffle.default", x(1, 2, 4, 6), 2)
case("channel_shuffle.default", x(1, 6, 2, 2), 3)
for op in ("cat", "concat", "concatenate"):
    case(f"{op}.default", [x(2, 3), x(1, 3)])
    case(f"{op}.default", [x(2, 3), x(2, 2)], -1)
    case(f"{op}.default", [ints, x(1, 3)])
case("cat.default", [x(0), x(2, 3)], 1)
case("stack.default", [x(2, 3), x(2, 3)], -1)
case("stack.default", [small, x(3)])
for op in ("hstack", "vstack", "dstack", "column_stack", "row_stack"):
    case(f"{op}.default", [x(3), x(3)])
    case(f"{op}.default", [x(3, 2), x(3, 2)])
case("cartesian_prod.default", [x(3), x(2)])
case("sum_to_size.default", x(4, 2, 3), [2, 1])
case("block_diag.default", [x(2, 3), x(2), x(1, 1)])
case("meshgrid.default", [x(3), x(2)])
case("meshgrid.indexing", [x(3), x(2)], indexing="xy")
for n in (1, 2, 3):
    case(f"atleast_{n}d.default", x())
    case(f"atleast_{n}d.default", x(2, 3))
for start, end, step in (
    (0, 9223372036854775807, 1),
    (1, 3, 1),
    (-3, -1, 1),
    (None, 10, 2),
    (3, 1, 1),
):
    case("slice.Tensor", x(2, 5), 1, start, end, step)
case("slice.Tensor", x(5, 2), 0, 2)
for op in ("narrow", "narrow_copy"):
    case(f"{op}.default", x(2, 5), 1, 1, 3)
case("narrow.default", x(2, 5), 1, -3, 2)
case("select.int", x(2, 3, 4), 1, -1)
case("select_scatter.default", x(2, 3, 4), x(2, 4), 1, 2)
case("slice_scatter.default", x(2, 5), x(2, 2), 1, 1, 5, 2)
case("diagonal_scatter.default", x(3, 4), x(3), 1)
for op in ("split", "unsafe_split"):
    case(f"{op}.Tensor", x(2, 5), 2, 1)
    case(f"{op}.Tensor", x(4, 2), 2)
for op in ("split_with_sizes", "unsafe_split_with_sizes", "split_with_sizes_copy"):
    case(f"{op}.default", x(2, 5), [1, 3, 1], -1)
case("split.sizes", x(2, 5), [1, 4], 1)
for op in ("chunk", "unsafe_chunk"):
    case(f"{op}.default", x(2, 5), 2, 1)
    case(f"{op}.default", x(7), 3)
case("tensor_split.sections", x(7), 3)
case("tensor_split.indices", x(2, 5), [1, 4], 1)
case("hsplit.int", x(2, 4), 2)
case("vsplit.array", x(4, 2), [1, 3])
case("dsplit.int", x(1, 2, 4), 2)
case("unbind.int", x(2, 3))
case("unbind.int", x(2, 3), -1)

# Indexing -----------------------------------------------------------------------------------------

case("index.Tensor", x(4, 3), [i(4, 2)])
case("index.Tensor", x(4, 3), [None, i(3, 2, 2)])
case("index.Tensor", x(4, 3, 5), [i(4, 2), None, i(5, 2)])
case("index.Tensor", x(4, 3), [i(4, 2, 1), i(3, 3)])
case("index.Tensor", x(2, 3), [of([[True, False, True], [False, False, True]], "bool")])
case("index.Tensor", x(4, 3), [of([-1, 0], "int64")])
case("_unsafe_index.Tensor", x(4, 3), [i(4, 2)])
case("index_put.default", x(4, 3), [of([0, 2], "int64")], x(2, 3))
case("index_put.default", x(4, 3), [of([0, 0, 2], "int64")], x(3, 3), True)
case("index_put.default", x(4, 3), [None, of([0, 2], "int64")], x(1))
case("index_put.default", x(2, 3), [of([[True, False, True], [False, False, True]], "bool")], x(3))
case("_unsafe_index_put.default", x(4, 3), [of([0, 2], "int64")], x(2, 3))
case("index_select.default", x(4, 3), 1, i(3, 5))
case("index_select.default", x(4, 3), 0, of(2, "int64"))
case("index_add.default", x(4, 3), 0, of([0, 0, 2], "int64"), x(3, 3), alpha=2)
case("index_add.default", x(4, 3), 1, of([0, 2], "int64"), x(4, 2))
case("index_copy.default", x(4, 3), 0, of([0, 2], "int64"), x(2, 3))
case("index_fill.int_Scalar", x(4, 3), 1, of([0, 2], "int64"), 5)
case("index_fill.int_Tensor", x(4, 3), 0, of([1], "int64"), x())
case("gather.default", x(4, 3), 0, i(4, 2, 3))
case("gather.default", x(4, 3), 1, i(3, 4, 5))
case("gather.default", x(4, 3), -1, i(3, 2, 2))
case("take_along_dim.default", x(4, 3), i(4, 2, 1), 0)
case("take_along_dim.default", x(4, 3), i(12, 5))
distinct = of([[0, 1, 2], [2, 0, 1]], "int64")
case("scatter.src", x(3, 3), 0, distinct, x(2, 3))
case("scatter.value", x(3, 3), 1, distinct, 2)
case("scatter.reduce", x(3, 3), 0, i(3, 2, 3), x(2, 3), reduce="add")
case("scatter.value_reduce", x(3, 3), 0, distinct, 2.0, reduce="multiply")
case("scatter_add.default", x(3, 3), 0, i(3, 2, 3), x(2, 3))
case("scatter_add.default", x(3, 3), 1, i(3, 3, 5), x(3, 5))
for how in ("sum", "prod", "mean", "amax", "amin"):
    for include in (True, False):
        case("scatter_reduce.two", x(3, 3), 0, i(3, 4, 3), x(4, 3), how, include_self=include)
    case("scatter_reduce.two", x(5), 0, i(5, 7), x(7), how)
case("masked_select.default", x(2, 3), of([True, False, True], "bool"))
case("masked_scatter.default", x(2, 3), of([True, False, True], "bool"), x(6))
case("nonzero.default", of([[0.0, 1.0], [2.0, 0.0]]))
case("nonzero_numpy.default", of([[0.0, 1.0], [2.0, 0.0]]))
case("argwhere.default", b(3))
case("take.default", x(4, 3), i(12, 2, 2))
case("put.default", x(4, 3), of([0, 5], "int64"), x(2))
case("put.default", x(4, 3), of([5, 5], "int64"), x(2), True)
case("embedding.default", x(5, 3), i(5, 2, 4))
case("embedding.default", x(5, 3), of([[0, 2, 2]], "int64"), 2, True)
for mode in (0, 1, 2):
    args = (x(5, 3), of([0, 2, 2, 4], "int64"), of([0, 2], "int64"), False, mode)
    case("embedding_bag.padding_idx", *args, False, None, False, None)
    case("embedding_bag.default", *args)
    case("_embedding_bag.default", *args)
    case("_embedding_bag_forward_only.default", *args)
case("embedding_bag.default", x(5, 3), of([0, 2, 4], "int64"), of([0, 1, 3], "int64"), False, 0,
     False, x(3), True)  # fmt: skip
case(
    "embedding_renorm.default",
    fixed([[3.0, 4.0], [0.1, 0.2], [6.0, 8.0]]),
    of([0, 1, 0], "int64"),
    1.0,
    2.0,
)
case("one_hot.default", of([0, 2, 1], "int64"), 4)
case("isin.Tensor_Scalar", of([1, 2, 3], "int64"), 2)
case("isin.Tensor_Tensor", of([1, 2, 3], "int64"), of([2], "int64"))
for again in (False, True):
    case("_unique2.default", of([[3, 1], [1, 3]], "int64"), True, again, True)
    case("unique_dim.default", of([[3, 1, 3], [1, 3, 1]], "int64"), 1, True, again, True)
    case("unique_consecutive.default", of([3, 3, 1, 3], "int64"), True, True)
    case("unique_consecutive.default", of([[3, 3, 1], [3, 3, 3]], "int64"), True, True, 1)
case("bincount.default", of([0, 2, 2], "int64"), None, 5)
case("item.default", of(2.5))
case("_local_scalar_dense.default", of(3, "int64"))
case("is_nonzero.default", of(3, "int64"))

# Creation -----------------------------------------------------------------------------------------

f64, i64 = dt("float64"), dt("int64")
case("full.default", [2, 3], 1.5, dtype=f64)
case("zeros.default", [2, 3], dtype=i64)
case("ones.default", [2], dtype=f64)
case("zeros_like.default", x(2, 3))
case("zeros_like.default", x(2, 3), dtype=i64)
case("ones_like.default", ints)
case("full_like.default", x(2), 3)
case("new_zeros.default", x(2), [3])
case("new_ones.default", x(2), [3], dtype=i64)
case("new_full.default", x(2), [3], 2.5)
case("arange.default", 5, dtype=i64)
case("arange.start", 1, 4.5, dtype=f64)
case("arange.start_step", 5, 0, -2, dtype=i64)
case("linspace.default", -1, 1, 5, dtype=f64)
case("linspace.default", 0, 1, 1, dtype=f64)
case("logspace.default", 0, 2, 3, dtype=f64)
case("eye.default", 3, dtype=f64)
case("eye.m", 3, 2, dtype=f64)
case("scalar_tensor.default", 2.5, dtype=f64)
case("tril_indices.default", 3, 4, 1)
case("triu_indices.default", 3, 3, -1)

# Images -------------------------------------------------------------------------------------------

case("conv1d.default", x(2, 3, 8), x(4, 3, 3), x(4), [2], [1], [2])
case("conv1d.padding", x(2, 3, 8), x(4, 3, 3), x(4), [1], "same")
case("conv2d.default", x(2, 3, 6, 5), x(4, 3, 3, 2), x(4))
case("conv2d.default", x(2, 4, 6, 5), x(4, 2, 3, 2), None, [2, 1], [1, 0], [1, 2], 2)
case("conv2d.default", x(3, 6, 5), x(4, 3, 3, 2))
case("conv2d.padding", x(2, 3, 6, 5), x(4, 3, 3, 2), None, [1, 1], "same", [2, 1])
case("conv2d.padding", x(2, 3, 6, 5), x(4, 3, 3, 2), None, [2], "valid")
case("conv3d.default", x(1, 2, 4, 4, 3), x(2, 1, 2, 2, 2), x(2), [1], [1], [1], 2)
case("conv_transpose1d.default", x(2, 3, 4), x(3, 2, 3), x(2), [2], [1], [1])
case("conv_transpose2d.input", x(2, 4, 3, 3), x(4, 2, 3, 2), None, [2, 2], [1, 0], [1, 0], 2)
case("conv_transpose2d.input", x(2, 4, 3, 3), x(4, 2, 2, 2), x(2), [1], [0], [0], 1, [2, 1])
case("conv_transpose3d.input", x(1, 2, 2, 3, 2), x(2, 2, 2, 2, 2), x(2), [2])
case("convolution.default", x(2, 3, 6), x(4, 3, 3), None, [1], [1], [1], False, [0], 1)
case(
    "convolution.default",
    x(2, 3, 4, 4),
    x(3, 2, 2, 2),
    x(2),
    [2, 2],
    [0, 0],
    [1, 1],
    True,
    [1, 0],
    1,
)
case("conv_tbc.default", x(5, 2, 3), x(3, 3, 4), x(4), 1)
case("max_pool1d.default", x(2, 3, 8), [3], [2], [1])
case("max_pool1d.default", x(2, 3, 8), [2])
case("max_pool2d.default", x(2, 3, 6, 7), [3, 2], [2, 2], [1, 0], [1, 2], True)
case("max_pool2d.default", x(2, 3, 6, 7), [2, 2])
case("max_pool2d.default", x(2, 3, 6, 7), [2])
case("max_pool3d.default", x(1, 2, 4, 4, 4), [2, 2, 2], [2, 1, 2])
case("max_pool1d_with_indices.default", x(2, 3, 8), [2], [2])
case("max_pool2d_with_indices.default", x(2, 3, 6, 7), [2, 3], [], [1, 1])
case("max_pool3d_with_indices.default", x(1, 2, 4, 4, 4), [2, 2, 2])
case("avg_pool1d.default", x(2, 3, 8), [3], [2], [1])
case("avg_pool2d.default", x(2, 3, 6, 7), [3, 2], [], [1, 0], True, False)
case("avg_pool2d.default", x(2, 3, 6, 7), [2, 2], [2, 2], [0, 0], False, True, 3)
case("avg_pool3d.default", x(1, 2, 4, 4, 4), [2, 2, 2])
case("adaptive_avg_pool1d.default", x(2, 3, 7), [3])
case("adaptive_avg_pool2d.default", x(2, 3, 6, 7), [3, 2])
case("adaptive_avg_pool3d.default", x(1, 2, 4, 5, 3), [2, 2, 1])
case("_adaptive_avg_pool2d.default", x(2, 3, 6, 7), [1, 1])
case("_adaptive_avg_pool3d.default", x(1, 2, 4, 5, 3), [2, 2, 2])
case("adaptive_max_pool1d.default", x(2, 3, 7), [3])
case("adaptive_max_pool2d.default", x(2, 3, 6, 7), [3, 2])
case("adaptive_max_pool3d.default", x(1, 2, 4, 5, 3), [2, 2, 1])
case("max_unpool2d.default", x(1, 1, 2, 2), of([[[[0, 3], [8, 15]]]], "int64"), [4, 4])
case("max_unpool3d.default", x(1, 1, 1, 1, 2), of([[[[[0, 3]]]]], "int64"), [2, 2, 2], [1, 1, 1],
     [0, 0, 0])  # fmt: skip
case("pad.default", x(2, 3), [1, 2])
case("pad.default", x(2, 3, 4), [1, 0, 2, -1], "constant", 2.5)
case("pad.default", x(1, 2, 4, 5), [1, 2, 0, 3], "reflect")
case("pad.default", x(1, 2, 4, 5), [1, 2, 0, 3], "replicate")
case("pad.default", x(1, 2, 4, 5), [1, 2, 0, 3], "circular")
case("pad.default", ints, [1, -1, 0, 2], "constant", 4)
case("constant_pad_nd.default", x(2, 3), [1, 2, 0, 1], 3)
case("reflection_pad1d.default", x(1, 2, 5), [2, 1])
case("reflection_pad2d.default", x(1, 2, 5, 4), [2, 1, 0, 3])
case("reflection_pad3d.default", x(1, 1, 3, 3, 3), [1, 1, 1, 0, 0, 1])
case("replication_pad1d.default", x(1, 2, 5), [2, 1])
case("replication_pad2d.default", x(1, 2, 5, 4), [2, 1, 0, 3])
case("replication_pad3d.default", x(1, 1, 3, 3, 3), [1, 1, 1, 0, 0, 1])
case("_pad_circular.default", x(1, 2, 5), [2, 1])
for exact in ("upsample_nearest", "_upsample_nearest_exact"):
    case(f"{exact}1d.default", x(1, 2, 4), [7])
    case(f"{exact}1d.vec", x(1, 2, 4), None, [1.7])
    case(f"{exact}2d.vec", x(1, 2, 4, 3), [6, 7], None)
    case(f"{exact}2d.vec", x(1, 2, 4, 3), None, [2.0, 1.5])
    case(f"{exact}2d.default", x(1, 2, 4, 3), [8, 6], 2.0, 2.0)
    case(f"{exact}3d.vec", x(1, 1, 2, 3, 2), None, [2.0, 1.5, 2.0])
    case(f"{exact}3d.default", x(1, 1, 2, 3, 2), [3, 3, 3])
for align in (True, False):
    case("upsample_linear1d.default", x(1, 2, 4), [7], align)
    case("upsample_linear1d.vec", x(1, 2, 4), None, align, [1.6])
    case("upsample_bilinear2d.vec", x(1, 2, 4, 3), [6, 7], align, None)
    case("upsample_bilinear2d.vec", x(1, 2, 4, 3), None, align, [2.0, 1.5])
    case("upsample_bilinear2d.default", x(1, 2, 4, 3), [2, 5], align)
    case("upsample_trilinear3d.vec", x(1, 1, 2, 3, 2), None, align, [2.0, 1.5, 2.0])
    case("upsample_trilinear3d.default", x(1, 1, 2, 3, 2), [3, 3, 3], align)
    case("upsample_bicubic2d.vec", x(1, 2, 4, 3), None, align, [2.0, 1.5])
    case("upsample_bicubic2d.default", x(1, 2, 4, 3), [6, 7], align)
    case("affine_grid_generator.default", x(2, 2, 3), [2, 1, 3, 4], align)
    case("affine_grid_generator.default", x(2, 3, 4), [2, 1, 2, 3, 4], align)
    for padding_mode in (0, 1, 2):
        for mode in (0, 1, 2):
            case("grid_sampler.default", x(2, 2, 4, 5), x(2, 3, 3, 2), mode, padding_mode, align)
        for mode in (0, 1):
            case("grid_sampler_3d.default", x(1, 2, 3, 4, 5), x(1, 2, 2, 2, 3), mode, padding_mode,
                 align)  # fmt: skip
case("grid_sampler_2d.default", x(2, 2, 4, 5), x(2, 3, 3, 2), 0, 0, False)

# Normalisation ------------------------------------------------------------------------------------

frozen = (fixed([0.1, 0.2, 0.3]), fixed([0.5, 1.0, 2.0]))
weights = fixed([0.5, 1.0, 2.0])
case("batch_norm.default", x(4, 3, 2), x(3), x(3), None, None, True, 0.1, 1e-5, False)
case("batch_norm.default", x(4, 3), None, None, None, None, True, 0.1, 1e-3, False)
case("batch_norm.default", x(4, 3, 2, 2), x(3), x(3), *frozen, False, 0.1, 1e-5, False)
case("native_batch_norm.default", x(4, 3, 2), x(3), x(3), None, None, True, 0.1, 1e-5)
case("_native_batch_norm_legit.no_stats", x(4, 3, 2), x(3), x(3), True, 0.1, 1e-5)
case(
    "_native_batch_norm_legit_functional.default", x(4, 3, 2), x(3), x(3), *frozen, True, 0.3, 1e-5
)
case("_native_batch_norm_legit_no_training.default", x(4, 3, 2), x(3), x(3), *frozen, 0.1, 1e-5)
case("layer_norm.default", x(2, 3, 4), [4], x(4), x(4))
case("layer_norm.default", x(2, 3, 4), [3, 4], None, None, 1e-3)
case("layer_norm.default", x(2, 4), [4], x(4))
case("native_layer_norm.default", x(2, 3, 4), [4], x(4), x(4), 1e-5)
case("group_norm.default", x(2, 6, 3), 3, x(6), x(6))
case("group_norm.default", x(2, 6, 2, 2), 2, None, None, 1e-3)
case("native_group_norm.default", x(2, 6, 2, 2), x(6), x(6), 2, 6, 4, 3, 1e-5)
case("instance_norm.default", x(2, 3, 5), x(3), x(3), None, None, True, 0.1, 1e-5, False)
case("instance_norm.default", x(2, 3, 5), None, None, *frozen, False, 0.1, 1e-5, False)
case("rms_norm.default", x(2, 3, 4), [4], x(4), 1e-6)
case("rms_norm.default", x(2, 3, 4), [3, 4])
case("_fused_rms_norm.default", x(2, 3, 4), [4], x(4), 1e-6)
case("_weight_norm.default", x(3, 4, 2), x(3, 1, 1), 0)
case("_weight_norm.default", x(3, 4), x(1, 4), 1)
case("_weight_norm_interface.default", x(3, 4), x(3, 1), 0)
case("norm_except_dim.default", x(3, 4, 2), 2, 1)
case("renorm.default", x(3, 4), 2, 0, 1.0)

# Products -----------------------------------------------------------------------------------------

case("linear.default", x(2, 5, 3), x(4, 3), x(4))
case("linear.default", x(3), x(4, 3))
for op in ("matmul", "linalg_matmul"):
    case(f"{op}.default", x(2, 3), x(3, 4))
    case(f"{op}.default", x(3), x(3))
    case(f"{op}.default", x(2, 1, 2, 3), x(5, 3, 4))
    case(f"{op}.default", x(5, 2, 3), x(3))
    case(f"{op}.default", x(3), x(5, 3, 2))
case("mm.default", x(2, 3), x(3, 4))
case("bmm.default", x(5, 2, 3), x(5, 3, 4))
case("mv.default", x(2, 3), x(3))
for op in ("dot", "vdot", "inner"):
    case(f"{op}.default", x(3), x(3))
case("inner.default", x(2, 3), x(4, 3))
for op in ("outer", "ger"):
    case(f"{op}.default", x(3), x(4))
case("linalg_vecdot.default", x(2, 3), x(2, 3), dim=0)
case("addmm.default", x(4), x(2, 3), x(3, 4))
case("addmm.default", x(2, 4), x(2, 3), x(3, 4), beta=0.5, alpha=-2)
case("addmv.default", x(2), x(2, 3), x(3), beta=2)
case("baddbmm.default", x(5, 2, 4), x(5, 2, 3), x(5, 3, 4), beta=0, alpha=0.5)
case("addbmm.default", x(2, 4), x(5, 2, 3), x(5, 3, 4), alpha=2)
case("addr.default", x(3, 4), x(3), x(4), beta=2, alpha=3)
case("einsum.default", "bij, bjk -> bik", [x(2, 3, 4), x(2, 4, 2)])
case("einsum.default", "ii->i", [x(3, 3)])
case("einsum.default", "...d,d->...", [x(2, 3, 4), x(4)])
case("einsum.default", "ij,kj", [x(2, 3), x(4, 3)])
case("einsum.default", "nhwpqc->nchpwq", [x(1, 2, 2, 2, 2, 3)])
case("tensordot.default", x(2, 3, 4), x(4, 3, 5), [1, 2], [1, 0])
case("bilinear.default", x(2, 3), x(2, 4), x(5, 3, 4), x(5))
case("kron.default", x(2, 3), x(3, 2))
case("cross.default", x(2, 3), x(2, 3))
case("linalg_cross.default", x(3, 2), x(3, 2), dim=0)
case("linalg_multi_dot.default", [x(2, 3), x(3, 4), x(4, 2)])
case("chain_matmul.default", [x(2, 3), x(3, 4)])
case("linalg_pinv.default", x(3, 2), 1e-15)
case("linalg_pinv.atol_rtol_float", x(3, 2))
for op in ("inverse", "linalg_inv", "pinverse", "det", "linalg_det", "slogdet",
           "linalg_slogdet", "logdet"):  # fmt: skip
    case(f"{op}.default", of([[2.0, 0.5, 0.1], [0.3, 1.5, 0.2], [0.1, 0.4, 3.0]]))
case("_linalg_slogdet.default", of([[2.0, 0.5], [0.3, 1.5]]))
positive = of([[2.0, 0.5, 0.1], [0.5, 1.5, 0.2], [0.1, 0.2, 3.0]])
case("linalg_solve.default", positive, x(3, 2))
case("linalg_solve.default", positive, x(3))
case("linalg_solve.default", positive, x(2, 3), left=False)
case("cholesky_solve.default", x(3, 2), fixed(positive.values))
case("cholesky_solve.default", x(3, 2), fixed(positive.values), True)
case("linalg_inv_ex.default", positive)
case("linalg_solve_ex.default", positive, x(3, 2))
case("linalg_qr.default", x(4, 3))
case("triangular_solve.default", x(3, 2), positive)
case("triangular_solve.default", x(3, 2), positive, False, True)
for upper in (True, False):
    case("linalg_solve_triangular.default", positive, x(3, 2), upper=upper)
    case("linalg_solve_triangular.default", positive, x(2, 3), upper=upper, left=False,
         unitriangular=True)  # fmt: skip
for op in ("matrix_power", "linalg_matrix_power"):
    case(f"{op}.default", x(3, 3), 3)
case("linalg_matrix_power.default", positive, -2)
for op in ("matrix_exp", "linalg_matrix_exp"):
    case(f"{op}.default", x(3, 3))
    case(f"{op}.default", of([[-9.0, 4.0, 1.0], [-5.0, -7.0, 2.0], [-1.0, 3.0, -8.0]]))
case("linalg_svdvals.default", x(3, 2))
q, k, v = x(2, 3, 4, 5), x(2, 3, 6, 5), x(2, 3, 6, 2)
sdpa = "scaled_dot_product_attention.default"
case(sdpa, q, k, v)
case(sdpa, q, k, v, None, 0.0, True)
case(sdpa, x(2, 4, 4, 5), x(2, 4, 4, 5), x(2, 4, 4, 5), None, 0.0, True)
case(sdpa, q, k, v, x(4, 6))
case(sdpa, q, k, v, x(2, 1, 4, 6), scale=0.3)
case(sdpa, q, k, v, of([[True] * 3 + [False] * 3] * 3 + [[True] * 6], "bool"))
case(sdpa, q, k, v, of([[0.0] * 3 + [-math.inf] * 3] * 4))
case(sdpa, q, k, v, of([[False] * 6] + [[True] * 6] * 3, "bool"))
case(sdpa, x(2, 4, 4, 5), x(2, 2, 6, 5), x(2, 2, 6, 2), enable_gqa=True)
case("_scaled_dot_product_flash_attention_for_cpu.default", x(1, 2, 4, 3), x(1, 2, 4, 3),
     x(1, 2, 4, 3), 0.0, True)  # fmt: skip

# Losses -------------------------------------------------------------------------------------------

classes = of([0, 2, 1, 2], "int64")
for reduction in (0, 1, 2):
    for op in ("mse_loss", "l1_loss"):
        case(f"{op}.default", x(2, 3), x(2, 3), reduction)
    case("smooth_l1_loss.default", x(2, 3), x(2, 3), reduction, 0.5)
    case("huber_loss.default", x(2, 3), x(2, 3), reduction, 0.5)
    case("binary_cross_entropy.default", p(2, 3), p(2, 3), None, reduction)
    case("binary_cross_entropy_with_logits.default", x(2, 3), p(2, 3), None, None, reduction)
    for op in ("nll_loss", "nll_loss_nd"):
        case(f"{op}.default", x(4, 3), classes, None, reduction)
        case(f"{op}.default", x(4, 3), classes, weights, reduction, 2)
    case("nll_loss_forward.default", x(4, 3), classes, weights, reduction, -100)
    case("nll_loss2d.default", x(2, 3, 2, 2), i(3, 2, 2, 2), None, reduction)
    case("nll_loss2d_forward.default", x(2, 3, 2, 2), i(3, 2, 2, 2), None, reduction, -100)
    case("cross_entropy_loss.default", x(4, 3), classes, None, reduction)
    case("cross_entropy_loss.default", x(4, 3), classes, weights, reduction, 2, 0.1)
    case("cross_entropy_loss.default", x(4, 3), p(4, 3), None, reduction, -100, 0.1)
    case("kl_div.default", x(2, 3), p(2, 3), reduction)
    case("kl_div.default", x(2, 3), x(2, 3), reduction, log_target=True)
    case(
        "poisson_nll_loss.default",
        x(2, 3),
        fixed([[0.0, 1.0, 2.0]] * 2),
        True,
        True,
        1e-8,
        reduction,
    )
    case("poisson_nll_loss.default", p(2, 3), p(2, 3), False, False, 1e-8, reduction)
    signs = fixed([[1.0, -1.0, 1.0], [-1.0, 1.0, -1.0]])
    case("soft_margin_loss.default", x(2, 3), signs, reduction)
    case("hinge_embedding_loss.default", x(2, 3), signs, 1.5, reduction)
    case("margin_ranking_loss.default", x(2, 3), x(2, 3), signs, 0.5, reduction)
    case("triplet_margin_loss.default", x(4, 3), x(4, 3), x(4, 3), 1.0, 2, 1e-6, False, reduction)
    case("triplet_margin_loss.default", x(4, 3), x(4, 3), x(4, 3), 1.0, 2, 1e-6, True, reduction)
    case("cosine_embedding_loss.default", x(2, 3), x(2, 3), of([1.0, -1.0]), 0.1, reduction)
    case("multi_margin_loss.default", x(4, 3), classes, 1, 1, None, reduction)
    wanted = of([[0, 2, -1, 1], [1, -1, 0, 2], [3, 0, -1, 1]], "int64")
    case("multilabel_margin_loss.default", x(3, 4), wanted, reduction)
    case("multi_margin_loss.default", x(4, 3), classes, 2, 0.5, weights, reduction)
case("cross_entropy_loss.default", x(2, 3, 4), i(3, 2, 4))
case("binary_cross_entropy.default", p(2, 3), p(2, 3), weights)
case("binary_cross_entropy_with_logits.default", x(2, 3), p(2, 3), weights, weights)

# Recurrent ----------------------------------------------------------------------------------------


def _layers(gates: int, inputs: int, hidden: int, layers: int, directions: int, biases: bool,
            proj: int = 0) -> list:  # fmt: skip
    out = proj or hidden
    found = []
    for layer in range(layers):
        for _ in range(directions):
            size = inputs if layer == 0 else out * directions
            found += [p(gates * hidden, size), p(gates * hidden, out)]
            found += [p(gates * hidden)] * 2 if biases else []
            found += [p(proj, hidden)] if proj else []
    return found


for op, gates in (("lstm", 4), ("gru", 3), ("rnn_tanh", 1), ("rnn_relu", 1)):
    for layers, directions, biases, first in (
        (1, 1, True, False),
        (2, 2, True, True),
        (2, 1, False, False),
    ):
        state = x(layers * directions, 2, 3)
        hx = [state, state] if op == "lstm" else state
        data = x(2, 5, 4) if first else x(5, 2, 4)
        params = _layers(gates, 4, 3, layers, directions, biases)
        case(f"{op}.input", data, hx, params, biases, layers, 0.0, True, directions == 2, first)
    packed = (x(9, 4), of([3, 3, 2, 1], "int64"))
    for directions in (1, 2):
        state = x(directions, 3, 3)
        case(f"{op}.data", *packed, [state, state] if op == "lstm" else state,
             _layers(gates, 4, 3, 1, directions, True), True, 1, 0.0, True,
             directions == 2)  # fmt: skip
    hx = [x(2, 3), x(2, 3)] if op == "lstm" else x(2, 3)
    case(f"{op}_cell.default" if op != "lstm" and op != "gru" else
         f"{op}_cell.{'default'}", x(2, 4), hx, p(gates * 3, 4), p(gates * 3, 3), p(gates * 3),
         p(gates * 3))  # fmt: skip
case("lstm.input", x(5, 2, 4), [x(1, 2, 2), x(1, 2, 3)], _layers(4, 4, 3, 1, 1, True, 2), True, 1,
     0.0, True, False, False)  # fmt: skip
case("_pack_padded_sequence.default", x(4, 3, 2), of([4, 3, 1], "int64"), False)
case("_pack_padded_sequence.default", x(3, 4, 2), of([4, 3, 1], "int64"), True)
case("_pad_packed_sequence.default", x(6, 2), of([3, 2, 1], "int64"), True, -1.0, 4)
case("_pad_packed_sequence.default", x(6, 2), of([3, 2, 1], "int64"), False, 0.0, -1)

# Sizes --------------------------------------------------------------------------------------------

case("size.int", x(2, 3), 1)
case("numel.default", x(2, 3))
case("is_same_size.default", x(2, 3), x(3, 2))

# At the edges: dtypes that meet, ties, axes beyond the first, sizes at their bounds --------------------

single, zero_dim = of([[0.5, -1.5, 2.0]], "float32"), of(1.5, "float64")
bytes_, naturals = of([3, 250, 7], "uint8"), of([2, 3, 4], "int64")
for op in ("add", "mul", "div"):
    case(f"{op}.Tensor", b(3), of(2, "int64"))
    case(f"{op}.Tensor", b(3), of(2, "uint8"))
    case(f"{op}.Tensor", bytes_, of(2, "int64"))
    case(f"{op}.Tensor", of(2, "int64"), bytes_)
    case(f"{op}.Tensor", bytes_, of(2, "int8"))
    case(f"{op}.Tensor", bytes_, of(1.5, "float32"))
    case(f"{op}.Tensor", of([1, -2, 3], "int8"), bytes_)
    case(f"{op}.Tensor", of(1.5, "float32"), x(3))
    case(f"{op}.Tensor", zero_dim, single)
    case(f"{op}.Tensor", zero_dim, ints)
    case(f"{op}.Tensor", of(2, "int64"), of(1.5, "float32"))
    case(f"{op}.Tensor", of(2, "int64"), 2)
    case(f"{op}.Tensor", b(3), 2.5)
    case(f"{op}.Tensor", zero_dim, 2.5)
    case(f"{op}.Tensor", of(2, "int8"), 3)
for op in ("xlogy.Tensor", "atan2.default", "arctan2.default", "copysign.Tensor"):
    case(op, naturals, of([3, 1, 2], "int64"))
    case(op, single, p(3))
case("special_xlog1py.default", p(3), p(3))
case("addcmul.default", x(2, 3), x(3), x(2, 1))
case("addcdiv.default", x(2, 3), x(3), p(2, 1))
case("addcdiv.default", single, x(3), p(1, 3))
tied = of([[1.0, 2.0, -1.0]])
case("clamp_min.Tensor", tied, of([1.0, 3.0, -2.0]))
case("clamp_max.Tensor", tied, of([1.0, 3.0, -2.0]))
case("clamp.Tensor", tied, of([1.0, 3.0, -2.0]), of([1.5, 4.0, -1.0]))
for op in ("logical_and", "logical_or", "logical_xor"):
    case(f"{op}.default", of([-1.0, -1.0, 0.0, 0.0, 2.0]), of([-2.0, 0.0, -3.0, 0.0, -1.0]))
    case(f"{op}.default", of([-1, 0, 3], "int64"), b(3))
case("leaky_relu.default", of([0.0, -1.0]))
case("celu.default", x(5))
case("elu.default", x(5))
case("hardshrink.default", of([0.5, -0.5, 0.5004, -0.5004, 0.4996]))
case("softshrink.default", of([0.5, -0.5, 0.5004, -0.5004, 0.4996]))
case("hardtanh.default", of([-1.5, -1.0, 0.0, 1.0, 1.5]))
case("softplus.default", of([18.5, 19.5, 20.5, 21.5]))
for steps in range(2, 8):
    case("linspace.default", -0.3, 0.7, steps, dtype=f64)
    case("linspace.default", 0.1, 3.3, steps)
case("index_add.default", x(4, 3), 0, of([0, 0, 2], "int64"), x(3, 3), alpha=0)
for bag_mode in (0, 1, 2):
    for pad_index in (None, -1, 0, 2):
        case("embedding_bag.padding_idx", x(5, 3), of([0, 2, 2, 4, 0, 1], "int64"), of([0, 2], "int64"),
             False, bag_mode, False, None, False, pad_index)  # fmt: skip
case(
    "embedding_renorm.default",
    fixed([[3.0, 4.0], [3.0, 4.0000001], [6e-4, 8e-4]]), of([0, 1], "int64"), 5.0, 2.0,
)  # fmt: skip
case("embedding_renorm.default", fixed([[6e-5, 8e-5], [0.0, 0.0]]), of([0, 1], "int64"), 5e-5, 2.0)
case("conv_tbc.default", x(5, 2, 3), x(2, 3, 4), x(4))
case("pad.default", naturals, [1, 2])
case("pad.default", of([[[1, 2], [3, 4]]], "int64"), [1, 0])
case("pad.default", of([[[1, 2, 3], [3, 4, 5]]], "int64"), [0, -1, -1, 2], "constant", 7)
case("pad.default", of([[[1, 2, 3], [3, 4, 5]]], "int64"), [1, 2], "reflect")
case("pad.default", b(2, 3), [1, 2], "constant", True)
case("constant_pad_nd.default", naturals, [2, 1])
case("constant_pad_nd.default", x(2, 3), [1, -1])
for mode in ("upsample_nearest", "_upsample_nearest_exact"):
    case(f"{mode}1d.vec", x(1, 2, 5), None, [1.9999])
case("upsample_linear1d.vec", x(1, 2, 5), None, False, [1.9999])
case("nll_loss_forward.default", x(4, 3), classes, weights, 1, 2)
case("nll_loss_forward.default", x(4, 3), classes, None, 1, 1)
case("nll_loss_forward.default", x(4, 3), classes, None, 2, 1)
for op in ("mse_loss", "l1_loss", "smooth_l1_loss", "kl_div"):
    case(f"{op}.default", single, p(1, 3))
    case(f"{op}.default", p(1, 3), of([[0.5, 0.25, 2.0]], "float32"))
case("margin_ranking_loss.default", of([1.0, 2.0]), of([1.0, 3.0]), fixed([1.0, -1.0]))
case("margin_ranking_loss.default", of([1.0, 2.0]), of([1.0, 3.0]), fixed([-1.0, 1.0]))
case("soft_margin_loss.default", x(2, 3), fixed([[1.0, -1.0, 1.0]]))
case("triplet_margin_loss.default", x(2, 3), x(2, 3), x(2, 3))
case("hinge_embedding_loss.default", x(3), of([1.0, -1.0, 1.0]))
case("hinge_embedding_loss.default", x(3), fixed([1.0, -1.0, 1.0]))
case("norm_except_dim.default", x(3, 4, 2))
case("norm_except_dim.default", x(3, 4, 2), 1, -1)
case("norm_except_dim.default", x(3, 4, 2), 2, -1)
case("einsum.default", "ij , jk -> i k", [x(2, 3), x(3, 2)])
stacked = of(
    [
        [[2.0, 0.5, 0.1], [0.5, 1.5, 0.2], [0.1, 0.2, 3.0]],
        [[3.0, 0.1, 0.4], [0.1, 2.0, 0.3], [0.4, 0.3, 1.0]],
    ]
)
case("linalg_solve.default", stacked, x(2, 3, 2))
case("linalg_solve.default", stacked, x(2, 3))
case("linalg_solve.default", stacked, x(3))
case("linalg_solve.default", of(stacked.values[:1] * 3), x(3, 3))
case("linalg_solve.default", stacked, x(2, 4, 3), left=False)
case("linalg_inv_ex.default", stacked)
case("linalg_solve_ex.default", stacked, x(2, 3, 2))
case("linalg_slogdet.default", stacked)
case("linalg_vecdot.default", x(2, 3), x(2, 3))
case("linalg_vecdot.default", x(2, 3, 4), x(2, 3, 4), dim=1)
case("linalg_cross.default", x(3, 3), x(3, 3))
case("linalg_cross.default", x(3, 2, 3), x(3, 2, 3))
case("linalg_cross.default", x(3, 2, 3), x(3, 2, 3), dim=0)
case("cross.default", x(2, 3, 3), x(2, 3, 3))
case("cross.default", x(3, 3), x(3, 3), -1)
case(sdpa, q, k, v, scale=-0.4)
case(sdpa, q, k, v, scale=0.0)
case(sdpa, q, k, v, scale=4.0)
case(sdpa, q, k, v, of([[0.0] * 3 + [9.0, -2.0, -math.inf]] * 3 + [[-math.inf] * 6]))
case(sdpa, x(1, 4, 4, 5), x(1, 2, 6, 5), x(1, 2, 6, 2), enable_gqa=True)
case(
    "_scaled_dot_product_flash_attention_for_cpu.default",
    x(1, 2, 4, 3),
    x(1, 2, 4, 3),
    x(1, 2, 4, 3),
)
for op in ("sum.dim_IntList", "mean.dim", "amax.default"):
    for shape in ((), (3,), (2, 3)):
        case(op, x(*shape), [-1] if shape else [], True)
case("norm.ScalarOpt_dim", x(2, 3), None, [1])
case("norm.ScalarOpt_dim", x(2, 3), None, [1], True)
case("flip.default", x(), [0])
case("flip.default", x(2, 3), [])
for start, length in ((0, 2), (1, 2), (-1, 1), (-2, 2), (-3, 1), (2, 0)):
    case("narrow.default", x(4, 3), 0, start, length)
    case("narrow.default", x(2, 4), 1, start, length)
case("split.Tensor", x(0, 3), 0)
case("split.Tensor", x(2, 0), 0, 1)
for size in ((1, 4), (3, 1), (4,), (1,), (1, 3, 1), (2, 1, 4)):
    case("sum_to_size.default", x(2, 3, 4), list(size))
case("hsplit.int", x(4), 2)
case("hsplit.int", x(3, 4), 2)
case("_pad_packed_sequence.default", x(6, 2), of([3, 2, 1], "int64"), False, 0.0, 0)
case("_pad_packed_sequence.default", x(6, 2), of([3, 2, 1], "int64"), True, 0.5, 3)
for op, gates in (("lstm", 4), ("gru", 3), ("rnn_tanh", 1), ("rnn_relu", 1)):
    for rate, training in (
        (1.0, True),
        (0.5, False),
    ):  # what is drawn for them is the same everywhere
        state = x(2, 2, 3)
        case(f"{op}.input", x(5, 2, 4), [state, state] if op == "lstm" else state,
             _layers(gates, 4, 3, 2, 1, True), True, 2, rate, training, False, False)  # fmt: skip
        state = x(2, 3, 3)
        case(f"{op}.data", x(9, 4), of([3, 3, 2, 1], "int64"), [state, state] if op == "lstm" else state,
             _layers(gates, 4, 3, 2, 1, True), True, 2, rate, training, False)  # fmt: skip
case("div.Tensor", of([True, False], "bool"), of([True, True], "bool"))
for mode in (0, 1, 2):
    case("_embedding_bag.default", x(5, 3), of([0, 2, 4, 1], "int64"), of([0, 2], "int64"), False, mode, False,
         None, False, -1)  # fmt: skip
case("triplet_margin_loss.default", of([[0.0]]), of([[1.0]]), of([[2.0]]), 1.0, 2.0, 0.0)
for size in ((1, 4), (1, 1), (4,)):
    case("sum_to_size.default", x(1, 3, 4), list(size))
    case("sum_to_size.default", x(3, 1, 4), list(size))
case("sum_to_size.default", x(2, 3, 1), [1, 1])
case("sum_to_size.default", x(2, 1, 3), [1, 3])
case("sum_to_size.default", x(2, 1, 3, 4), [1, 3, 1])
