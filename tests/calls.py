"""One sound call of every public function, with every argument given by name.

Tests take one argument at a time away from such a call and put something else in its place: a list
for an array, junk for a size. `test_calls.py` holds that no function and no argument is missing.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

import autograd as ag
import nn.functional as F

Arguments = dict[str, Any]


def spread(*shape: int, low: float = -1.5, high: float = 1.5, seed: int = 0) -> Any:
    """Distinct doubles in random order that no float32 can hold."""
    n = int(np.prod(shape))
    values = low + (high - low) * (np.arange(n) + 0.37) / max(n, 1)
    return np.random.default_rng(seed).permutation(values).reshape(shape)


def positive(*shape: int, seed: int = 0) -> Any:
    return spread(*shape, low=0.3, high=2.0, seed=seed)


def unit(*shape: int, seed: int = 0) -> Any:
    return spread(*shape, low=0.1, high=0.9, seed=seed)


M, N, V = spread(3, 4), spread(3, 4, seed=1) + 0.05, spread(5, seed=2)
POSITIVE, WHOLE = positive(3, 4), np.arange(12).reshape(3, 4)
SQUARE = spread(3, 3, seed=3) @ spread(3, 3, seed=3).T / 3 + np.diag([1.0, 2.0, 3.0])
IMAGE, KERNEL = spread(2, 4, 5, 4, seed=4), spread(4, 2, 3, 2, seed=7)
INDEX = np.array([2, 0, 2])
WINDOW = dict(stride=1, padding=1, dilation=1)


def _each(names: str, **arguments: Any) -> dict[str, Arguments]:
    return {name: arguments for name in names.split()}


AUTOGRAD: dict[str, Arguments] = {
    **_each("absolute alias ceil floor negative positive rint sign square trunc exp exp2 expm1 sin "
            "cos tan sinh cosh tanh arctan arcsinh sigmoid erf erfc deg2rad rad2deg degrees radians "
            "isnan isinf isfinite logical_not signbit argwhere nonzero gelu gelu_tanh hardsigmoid "
            "hardswish log_sigmoid mish relu silu softsign tanhshrink modf ravel matrix_transpose", x=M),
    **_each("fliplr flipud", m=M),
    **_each("sqrt reciprocal cbrt log log10 log2 log1p", x=POSITIVE),
    **_each("arcsin arccos arctanh sinc erfinv", x=unit(3, 4)),
    **_each("lgamma digamma", x=POSITIVE),
    "polygamma": dict(n=2, x=POSITIVE),
    "arccosh": dict(x=POSITIVE + 1.0),
    "invert": dict(x=WHOLE),
    **_each("add subtract multiply divide maximum minimum fmax fmin logaddexp logaddexp2 arctan2 "
            "hypot copysign floor_divide remainder fmod divmod equal not_equal less less_equal "
            "greater greater_equal logical_and logical_or logical_xor heaviside", x=M, y=N),
    **_each("power float_power", x=POSITIVE, y=N),
    **_each("bitwise_and bitwise_or bitwise_xor", x=WHOLE, y=WHOLE + 1),
    **_each("left_shift right_shift", x=WHOLE, y=WHOLE % 3),
    **_each("around round", x=M, decimals=1),
    "clip": dict(x=M, low=-0.7, high=0.8),
    "where": dict(condition=M > 0, x=M, y=N),
    "astype": dict(x=M, dtype="float64"),
    # Activations
    "elu": dict(x=M, alpha=0.7, scale=1.1, rate=0.9),
    **_each("hardshrink softshrink", x=M, bound=0.3),
    "hardtanh": dict(x=M, low=-0.7, high=0.8),
    "leaky_relu": dict(x=M, negative_slope=0.1),
    **_each("softmax log_softmax", x=M, axis=1),
    "softplus": dict(x=M, beta=1.1, threshold=19.0),
    "prelu": dict(x=M, weight=np.array([0.27])),
    "threshold": dict(x=M, threshold=0.1, value=0.2),
    # Reductions
    **_each("sum mean max min amax amin prod logsumexp max_with_indices min_with_indices all any "
            "argmax argmin count_nonzero ptp median nansum nanmean nanmax nanmin nanprod "
            "nanmedian", x=M, axis=1, keepdims=False),
    **_each("var std nanvar nanstd", x=M, axis=1, ddof=1, keepdims=False),
    "broadcast_to": dict(x=M, shape=(2, 3, 4)),
    "average": dict(x=M, axis=0, weights=positive(3), returned=False, keepdims=False),
    **_each("quantile nanquantile percentile nanpercentile", x=M, q=0.3, axis=1, method="linear",
            keepdims=False),
    "cov": dict(m=M, y=N, rowvar=True, bias=False, ddof=1.0, fweights=np.array([1, 2, 1, 1]),
                aweights=positive(4)),
    "corrcoef": dict(x=M, y=N, rowvar=True),
    "nan_to_num": dict(x=np.where(M > 0, M, np.inf), nan=0.1, posinf=1.1, neginf=-1.1),
    # Shapes
    "reshape": dict(x=M, shape=(4, 3)),
    "flatten": dict(x=M, start_axis=0, end_axis=-1),
    "transpose": dict(x=M, axes=(1, 0)),
    "moveaxis": dict(x=M, source=0, destination=1),
    "swapaxes": dict(x=M, axis1=0, axis2=1),
    "expand_dims": dict(x=M, axis=1),
    "squeeze": dict(x=spread(3, 1, 2), axis=1),
    **_each("concatenate stack", arrays=[M, N], axis=0),
    **_each("hstack vstack dstack column_stack", arrays=[M, N]),
    "block": dict(arrays=[[M, N], [N, M]]),
    "unstack": dict(x=M, axis=0),
    "flip": dict(x=M, axis=0),
    "insert": dict(x=M, obj=[0, 2], values=spread(3, 2), axis=1),
    "delete": dict(x=M, obj=1, axis=0),
    "resize": dict(x=M, new_shape=(5, 3)),
    "compress": dict(condition=[True, False, True], x=M, axis=0),
    "extract": dict(condition=M > 0.0, x=M),
    "choose": dict(a=np.array([[0], [1], [1]]), choices=[M, N], mode="raise"),
    "rollaxis": dict(x=M, axis=1, start=0),
    "append": dict(x=M, values=V, axis=None),
    **_each("atleast_1d atleast_2d atleast_3d", arrays=(M, 0.3)),
    "broadcast_arrays": dict(arrays=(M, spread(4))),
    "meshgrid": dict(vectors=(V, spread(3)), indexing="xy", sparse=False),
    "rot90": dict(m=M, k=1, axes=(0, 1)),
    **_each("tril triu", x=M, k=0),
    **_each("diagonal trace", x=M, offset=0, axis1=0, axis2=1),
    **_each("diag diagflat", v=V, k=1),
    "pad": dict(x=M, pad_width=((1, 0), (2, 1)), mode="constant", constant_values=0.1),
    "repeat": dict(x=M, repeats=2, axis=1),
    "tile": dict(x=M, reps=(2, 1)),
    "roll": dict(x=M, shift=1, axis=1),
    **_each("split array_split", x=M, indices_or_sections=2, axis=1),
    "hsplit": dict(x=M, indices_or_sections=2),
    "vsplit": dict(x=M, indices_or_sections=3),
    "dsplit": dict(x=spread(2, 2, 2), indices_or_sections=2),
    # Cumulative, sorting, gathering
    **_each("cumsum cumprod nancumsum nancumprod", x=M, axis=1),
    **_each("cumulative_sum cumulative_prod", x=M, axis=1, include_initial=True),
    "diff": dict(x=M, n=1, axis=1, prepend=spread(3, 1), append=0.1),
    "ediff1d": dict(x=M, to_end=V, to_begin=0.1),
    "gradient": dict(f=M, spacing=(np.array([0.0, 1.1, 3.0, 4.7]),), axis=1, edge_order=2),
    "interp": dict(x=M, xp=np.arange(-2.0, 3.0) + 0.1, fp=V, left=0.1, right=0.7, period=None),
    "unwrap": dict(x=5.0 * M, discont=3.3, axis=1, period=6.1),
    "polyval": dict(p=V, x=M),
    "vander": dict(x=V, N=3, increasing=False),
    "bincount": dict(x=INDEX, weights=spread(3), minlength=4),
    "trapezoid": dict(y=M, x=np.array([0.0, 1.1, 3.0, 4.7]), dx=1.0, axis=1),
    "partition": dict(x=M, kth=1, axis=1),
    **_each("sort sort_with_indices argsort", x=M, axis=1, descending=False),
    "searchsorted": dict(a=np.arange(5.0), v=M, side="left"),
    "topk": dict(x=M, k=2, axis=1, largest=True),
    "getitem": dict(x=M, index=(INDEX, slice(None, None, 2))),
    "take": dict(x=M, indices=INDEX, axis=0, mode="raise"),
    "take_along_axis": dict(x=M, indices=np.array([[0], [3], [1]]), axis=1),
    "gather": dict(x=M, indices=np.array([[0, 3], [1, 1], [2, 0]]), axis=1),
    "scatter_add": dict(x=M, indices=np.array([[0, 3], [1, 1], [2, 0]]), values=spread(3, 2), axis=1),
    "set_at": dict(x=M, index=(slice(None), 1), values=spread(3)),
    "add_at": dict(x=M, index=INDEX, values=spread(3, 4, seed=9)),
    "scatter": dict(x=M, indices=np.array([[0, 3], [1, 1], [2, 0]]), values=spread(3, 2), axis=1),
    "scatter_reduce": dict(x=M, indices=np.array([[0, 3], [1, 1], [2, 0]]), values=spread(3, 2),
                           axis=1, reduce="sum", include_self=True),
    **_each("cummax cummin cummax_with_indices cummin_with_indices logcumsumexp", x=M, axis=1),
    "select": dict(conditions=[np.arange(4) < 2], choices=[M], default=0.1),
    # Products
    "matmul": dict(x=spread(2, 3, 4), y=spread(4, 2)),
    "dot": dict(a=M, b=spread(4, 2)),
    **_each("inner vdot", a=M, b=N),
    "outer": dict(a=V, b=spread(3)),
    "vecdot": dict(a=M, b=N, axis=1),
    "cross": dict(a=spread(2, 3), b=spread(2, 3, seed=1), axisa=-1, axisb=-1, axisc=-1, axis=None),
    "kron": dict(a=spread(2, 2), b=spread(2, 3)),
    "tensordot": dict(a=spread(2, 3, 4), b=spread(4, 2), axes=1),
    "einsum": dict(subscripts="ij,kj->ik", operands=(M, N)),
    # Convolution, windows, pooling, padding, resampling
    "correlate": dict(x=IMAGE, w=KERNEL, bias=spread(4), groups=2, who="correlate", **WINDOW),
    "convolve": dict(x=IMAGE, w=KERNEL, bias=spread(4), groups=2, who="convolve", **WINDOW),
    "correlate_input": dict(y=IMAGE, w=KERNEL, input_shape=None, groups=2, who="correlate_input",
                            **WINDOW),
    "correlate_weight": dict(x=spread(2, 2, 4, 3), y=spread(2, 3, 4, 4), kernel_shape=(3, 2),
                             groups=1, who="correlate_weight", **WINDOW),
    "sliding_window_view": dict(x=M, window_shape=(2, 2), axis=(0, 1), writeable=False),
    "windows": dict(x=spread(1, 2, 3, 3), kernel_shape=2, who="windows", **WINDOW),
    "fold_windows": dict(w=spread(1, 2, 2, 2, 2, 2), input_shape=(3, 3), stride=1, padding=0,
                         dilation=1),
    "take_windows": dict(x=spread(1, 1, 5), indices=np.array([[[1, 1, 4]]])),
    "scatter_windows": dict(y=spread(1, 1, 3), indices=np.array([[[1, 1, 4]]]), input_shape=(5,)),
    "max_pool": dict(x=IMAGE, kernel_shape=3, ceil_mode=False, return_indices=False, who="max_pool",
                     **WINDOW),
    "avg_pool": dict(x=IMAGE, kernel_shape=3, stride=2, padding=1, ceil_mode=False,
                     count_include_pad=True, divisor_override=3, who="avg_pool"),
    "adaptive_avg_pool": dict(x=IMAGE, out_shape=(2, 3), who="adaptive_avg_pool"),
    "adaptive_max_pool": dict(x=IMAGE, out_shape=(2, 3), return_indices=False,
                              who="adaptive_max_pool"),
    "interpolate": dict(x=IMAGE, out_shape=(3, 7), mode="linear", align_corners=False,
                        scale_factors=None, who="interpolate"),
    "pad_constant": dict(x=M, widths=((1, 2), (-1, 0)), value=0.1, who="pad_constant"),
    "crop": dict(x=M, widths=((1, 0), (1, 1))),
    "pad_index": dict(x=M, widths=((1, 1), (2, 1)), mode="circular", who="pad_index"),
    "pad_indices": dict(who="pad_indices", mode="circular", size=4, before=1, after=1),
    "take_axis": dict(x=M, index=INDEX, axis=1),
    "explain_kernel": dict(x=IMAGE, w=KERNEL, groups=2, **WINDOW),
    "convolve_output_size": dict(size=9, kernel=3, **WINDOW),
    "pool_output_size": dict(size=9, kernel=3, ceil_mode=False, **WINDOW),
    # Fused layers
    "linear": dict(x=M, w=spread(2, 4), bias=spread(2)),
    "normalize": dict(x=M, weight=positive(4), bias=spread(4), axes=(0,), eps=1e-5, groups=1,
                      centred=False),
    "cross_entropy": dict(x=M, targets=INDEX, weight=positive(4), ignore_index=-100,
                          label_smoothing=0.1, reduction="mean", who="cross_entropy"),
    "nll_loss": dict(x=M, targets=INDEX, weight=positive(4), ignore_index=-100, reduction="mean",
                     who="nll_loss"),
    "binary_cross_entropy": dict(x=unit(3, 4), target=unit(3, 4, seed=1)),
    # Making tensors
    "arange": dict(start=0.1, stop=3.0, step=0.3, dtype="float64", requires_grad=False),
    "linspace": dict(start=0.1, stop=0.7, num=5, endpoint=True, dtype="float64", requires_grad=False),
    "eye": dict(n=3, m=2, dtype="float64", requires_grad=False),
    "full": dict(shape=(2, 3), fill_value=0.1, dtype="float64", requires_grad=False),
    "full_like": dict(t=M, fill_value=0.1, dtype=None, requires_grad=False),
    **_each("ones_like zeros_like empty_like", t=M, dtype=None, requires_grad=False),
    **_each("ones zeros", shape=(2, 3), dtype="float64", requires_grad=False),
    **_each("rand randn", shape=(2, 3), generator=None, dtype="float64", requires_grad=False),
    "randint": dict(low=0, high=5, shape=(2, 3), generator=None),
    "normal": dict(mean=0.1, std=1.0, shape=(2, 3), generator=None, dtype="float64",
                   requires_grad=False),
    "uniform": dict(low=0.1, high=1.0, shape=(2, 3), generator=None, dtype="float64",
                    requires_grad=False),
    "as_tensor": dict(data=M, dtype=None),
    **_each("tensor Tensor", data=M, dtype=None, requires_grad=False, name="x"),
    "scalars": dict(data=M, requires_grad=True, name="x"),
    "from_dlpack": dict(source=M),
    "manual_seed": dict(seed=3),
    "generator_or_default": dict(who="generator_or_default", generator=None),
    "set_module_path": dict(path=""),
    "default_dtype": dict(dtype=None),
}  # fmt: skip
AUTOGRAD["arctan2"] = dict(y=M, x=N)

#: Public names that take no arguments, a function or a graph.
NO_ARGUMENTS = frozenset(
    "HookHandle all_reduce backward_steps default_generator empty_cache enable_grad get_num_threads grad "
    "is_grad_enabled module_path module_scope no_grad own_generator primitive set_grad_enabled set_num_threads "
    "writable".split()
)

LINALG: dict[str, Arguments] = {
    "cholesky": dict(a=SQUARE, upper=False),
    **_each("det slogdet inv svdvals", a=SQUARE),
    "matrix_exp": dict(x=SQUARE),
    **_each("eigh eigvalsh", a=SQUARE, UPLO="L"),
    "solve": dict(a=SQUARE, b=spread(3, 2)),
    "solve_triangular": dict(a=SQUARE, b=spread(3, 2), upper=True, left=True, unitriangular=False),
    "norm": dict(x=M, ord=None, axis=1, keepdims=False),
    "matrix_norm": dict(x=M, ord="fro", axis=(0, 1), keepdims=False),
    "vector_norm": dict(x=M, ord=3.0, axis=1, keepdims=False),
    "matrix_power": dict(a=SQUARE, n=3),
    "pinv": dict(a=SQUARE, rcond=1e-9, hermitian=False, rtol=None, atol=None),
    "qr": dict(a=SQUARE, mode="reduced"),
    "svd": dict(a=SQUARE, full_matrices=True, compute_uv=True),
    "cond": dict(x=SQUARE, p=None),
    "lstsq": dict(a=M[:, :2], b=spread(3, 2), rcond=1e-9),
    "matrix_rank": dict(a=SQUARE, tol=None, hermitian=False, rtol=1e-9, atol=None),
    "multi_dot": dict(arrays=[spread(2, 3), spread(3, 2), spread(2, 2)]),
    "tensorsolve": dict(a=spread(2, 2, 4), b=spread(2, 2), axes=None),
    "tensorinv": dict(a=spread(4, 2, 2), ind=1),
    **{name: AUTOGRAD[name] for name in "diagonal trace matmul outer cross tensordot vecdot "
       "matrix_transpose".split()},
}  # fmt: skip

# nn.functional ------------------------------------------------------------------------------------

IMAGES = {1: spread(2, 4, 7, seed=5), 2: IMAGE, 3: spread(1, 2, 4, 3, 4, seed=6)}
KERNELS = {1: spread(3, 4, 2, seed=8), 2: spread(3, 4, 2, 2, seed=8), 3: spread(3, 2, 2, 2, 2)}
FLIPPED = {1: spread(4, 3, 2), 2: spread(4, 3, 2, 2), 3: spread(2, 3, 2, 2, 2)}
SIGNS = np.where(np.arange(12).reshape(3, 4) % 3, 1, -1)
FORMER = dict(size_average=None, reduce=None, reduction="mean")
POOL = dict(kernel_size=2, stride=2, padding=0)


def _dimensions(name: str, make: Callable[[int], Arguments]) -> dict[str, Arguments]:
    return {f"{name}{n}d": make(n) for n in (1, 2, 3)}


FUNCTIONAL: dict[str, Arguments] = {
    **_each("logsigmoid sigmoid softsign tanh tanhshrink", input=M),
    **_each("relu relu6 selu silu mish hardsigmoid hardswish", input=M, inplace=False),
    **_each("celu elu", input=M, alpha=0.7, inplace=False),
    "gelu": dict(input=M, approximate="none"),
    "glu": dict(input=M, dim=1),
    **_each("hardshrink softshrink", input=M, lambd=0.3),
    "hardtanh": dict(input=M, min_val=-0.7, max_val=0.8, inplace=False),
    "leaky_relu": dict(input=M, negative_slope=0.1, inplace=False),
    **_each("softmax softmin log_softmax", input=M, dim=1, dtype=None),
    "gumbel_softmax": dict(logits=M, tau=0.7, hard=False, eps=1e-10, dim=1,
                           generator=np.random.default_rng(0)),
    "softplus": dict(input=M, beta=1.1, threshold=19.0),
    "threshold": dict(input=M, threshold=0.1, value=0.2, inplace=False),
    "prelu": dict(input=M, weight=np.array([0.27])),
    "linear": dict(input=M, weight=spread(2, 4), bias=spread(2)),
    "bilinear": dict(input1=M, input2=spread(3, 2), weight=spread(2, 4, 2), bias=spread(2)),
    "embedding": dict(input=INDEX, weight=M, padding_idx=None, max_norm=None, norm_type=2.0,
                      scale_grad_by_freq=False, sparse=False),
    "embedding_bag": dict(input=INDEX, weight=M, offsets=np.array([0, 2]), max_norm=None, norm_type=2.0,
                          scale_grad_by_freq=False, mode="sum", sparse=False,
                          per_sample_weights=spread(3), include_last_offset=False, padding_idx=None),
    "one_hot": dict(tensor=INDEX, num_classes=4),
    **{f"{name}{n}d": dict(input=IMAGES[n], weight=KERNELS[n], bias=spread(3), stride=1, padding=0,
                           dilation=1, groups=1)
       for name in ("conv", "convolve") for n in (1, 2, 3)},
    **_dimensions("conv_transpose", lambda n: dict(
        input=IMAGES[n], weight=FLIPPED[n], bias=spread(3), stride=2, padding=0, output_padding=1,
        groups=1, dilation=1)),
    **_dimensions("max_pool", lambda n: dict(
        input=IMAGES[n], dilation=1, ceil_mode=False, return_indices=False, **POOL)),
    "avg_pool1d": dict(input=IMAGES[1], ceil_mode=False, count_include_pad=True, **POOL),
    **{f"avg_pool{n}d": dict(input=IMAGES[n], ceil_mode=False, count_include_pad=True,
                             divisor_override=3, **POOL) for n in (2, 3)},
    **_dimensions("lp_pool", lambda n: dict(
        input=abs(IMAGES[n]), norm_type=2.5, kernel_size=2, stride=2, ceil_mode=False)),
    **_dimensions("adaptive_avg_pool", lambda n: dict(input=IMAGES[n], output_size=2)),
    **_dimensions("adaptive_max_pool", lambda n: dict(
        input=IMAGES[n], output_size=2, return_indices=False)),
    **_dimensions("max_unpool", lambda n: dict(
        input=spread(1, 1, *(2,) * n), indices=np.arange(2**n).reshape(1, 1, *(2,) * n),
        output_size=None, **POOL)),
    **_dimensions("pool", lambda n: dict(
        input=IMAGES[n], function=lambda w: ag.mean(w, axis=tuple(range(-n, 0))), dilation=1, **POOL)),
    "pool": dict(input=IMAGE, function=lambda w: ag.mean(w, axis=(-2, -1)), dilation=1, who="pool",
                 **POOL),
    "unfold": dict(input=IMAGE, kernel_size=2, **WINDOW),
    "fold": dict(input=spread(2, 8, 4), output_size=(3, 3), kernel_size=2, dilation=1, padding=0,
                 stride=1),
    "pad": dict(input=IMAGE, pad=(1, 2, 0, 1), mode="constant", value=0.1),
    "interpolate": dict(input=IMAGE, size=(3, 7), scale_factor=None, mode="bilinear",
                        align_corners=False, recompute_scale_factor=None, antialias=False),
    "upsample": dict(input=IMAGE, size=(3, 7), scale_factor=None, mode="bilinear",
                     align_corners=False),
    **_each("upsample_nearest upsample_bilinear", input=IMAGE, size=(3, 7), scale_factor=None),
    "pixel_shuffle": dict(input=IMAGE, upscale_factor=2),
    "pixel_unshuffle": dict(input=spread(1, 1, 4, 4), downscale_factor=2),
    "channel_shuffle": dict(input=IMAGE, groups=2),
    "batch_norm": dict(input=M, running_mean=None, running_var=None, weight=positive(4),
                       bias=spread(4), training=True, momentum=0.1, eps=1e-5),
    "instance_norm": dict(input=IMAGE, running_mean=None, running_var=None, weight=positive(4),
                          bias=spread(4), use_input_stats=True, momentum=0.1, eps=1e-5),
    "layer_norm": dict(input=M, normalized_shape=(4,), weight=positive(4), bias=spread(4), eps=1e-5),
    "group_norm": dict(input=IMAGE, num_groups=2, weight=positive(4), bias=spread(4), eps=1e-5),
    "rms_norm": dict(input=M, normalized_shape=(4,), weight=positive(4), eps=1e-5),
    "local_response_norm": dict(input=IMAGE, size=3, alpha=1e-4, beta=0.75, k=1.0),
    "normalize": dict(input=M, p=2.5, dim=1, eps=1e-12, out=None),
    **{name: dict(input=x, p=0.0, training=True, inplace=False, generator=None)
       for name, x in (("dropout", M), ("dropout1d", IMAGES[1]), ("dropout2d", IMAGE),
                       ("dropout3d", IMAGES[3]))},
    **_each("alpha_dropout feature_alpha_dropout", input=M, p=0.0, training=True, inplace=False,
            generator=None),
    "rrelu": dict(input=M, lower=0.2, upper=0.3, training=False, inplace=False, generator=None),
    "cross_entropy": dict(input=M, target=INDEX, weight=positive(4), ignore_index=-100,
                          label_smoothing=0.1, **FORMER),
    "nll_loss": dict(input=M, target=INDEX, weight=positive(4), ignore_index=-100, **FORMER),
    **_each("mse_loss l1_loss", input=M, target=N, weight=POSITIVE, **FORMER),
    "smooth_l1_loss": dict(input=M, target=N, beta=0.7, **FORMER),
    "huber_loss": dict(input=M, target=N, reduction="mean", delta=0.7, weight=POSITIVE),
    "kl_div": dict(input=M, target=unit(3, 4), log_target=False, **FORMER),
    "binary_cross_entropy": dict(input=unit(3, 4), target=unit(3, 4, seed=1), weight=POSITIVE,
                                 **FORMER),
    "binary_cross_entropy_with_logits": dict(input=M, target=unit(3, 4), weight=POSITIVE,
                                             pos_weight=positive(4), **FORMER),
    "cosine_similarity": dict(x1=M, x2=N, dim=1, eps=1e-8),
    "pairwise_distance": dict(x1=M, x2=N, p=2.5, eps=1e-6, keepdim=False),
    "affine_grid": dict(theta=spread(2, 2, 3), size=(2, 1, 3, 4), align_corners=False),
    "grid_sample": dict(input=IMAGE, grid=0.83 * spread(2, 2, 3, 2), mode="bilinear",
                        padding_mode="zeros", align_corners=True),
    "margin_ranking_loss": dict(input1=M, input2=N, target=SIGNS, margin=0.3, **FORMER),
    **_each("hinge_embedding_loss", input=M, target=SIGNS, margin=0.9, **FORMER),
    "soft_margin_loss": dict(input=M, target=SIGNS, **FORMER),
    "cosine_embedding_loss": dict(input1=M, input2=N, target=SIGNS[:, 0], margin=0.1, **FORMER),
    "triplet_margin_loss": dict(anchor=M, positive=N, negative=M[::-1], margin=1.0, p=2.5, eps=1e-6,
                                swap=True, **FORMER),
    "triplet_margin_with_distance_loss": dict(
        anchor=M, positive=N, negative=M[::-1], distance_function=None, margin=1.0, swap=False,
        reduction="mean"),
    "multi_margin_loss": dict(input=M, target=INDEX, p=2, margin=0.9, weight=positive(4), **FORMER),
    "multilabel_margin_loss": dict(input=M, target=np.array([[2, 0, -1, 1]] * 3), **FORMER),
    "multilabel_soft_margin_loss": dict(input=M, target=SIGNS > 0, weight=positive(4), **FORMER),
    "gaussian_nll_loss": dict(input=M, target=N, var=POSITIVE, full=True, eps=1e-6, reduction="mean"),
    "poisson_nll_loss": dict(input=M, target=N, log_input=True, full=True, eps=1e-8, **FORMER),
    "ctc_loss": dict(log_probs=spread(4, 2, 3), targets=np.array([[1, 1], [2, 0]]),
                     input_lengths=np.array([4, 3]), target_lengths=np.array([2, 1]), blank=0,
                     reduction="mean", zero_infinity=False),
    "scaled_dot_product_attention": dict(
        query=spread(2, 3, 4), key=spread(2, 5, 4), value=spread(2, 5, 2), attn_mask=spread(3, 5),
        dropout_p=0.0, is_causal=False, scale=0.7, enable_gqa=False, generator=None),
}  # fmt: skip

TABLES: dict[str, tuple[Any, dict[str, Arguments]]] = {
    "autograd": (ag, AUTOGRAD),
    "autograd.linalg": (ag.linalg, LINALG),
    "nn.functional": (F, FUNCTIONAL),
}

EVERY = [
    (f"{home}.{name}", getattr(module, name), arguments)
    for home, (module, table) in TABLES.items()
    for name, arguments in table.items()
]


def call(function: Callable[..., Any], arguments: Arguments) -> Any:
    """The function of these arguments; those it takes by ``*name`` are spread."""
    named = dict(arguments)
    positional: list[Any] = []
    for parameter in inspect.signature(function).parameters.values():
        if parameter.kind is parameter.VAR_POSITIONAL:
            several = named.pop(parameter.name)
            return function(*positional, *several, **named)
        if parameter.kind is parameter.POSITIONAL_OR_KEYWORD:
            positional.append(named.pop(parameter.name))
    return function(*positional, **named)


def arrays_in(arguments: Arguments) -> list[tuple[Any, ...]]:
    """The paths in a call's arguments to its arrays of floats, such as ``("arrays", 0)``."""

    def inside(value: Any, path: tuple[Any, ...]) -> list[tuple[Any, ...]]:
        if isinstance(value, np.ndarray):
            return [path] if value.dtype.kind == "f" else []
        parts = enumerate(value) if isinstance(value, (list, tuple)) else ()
        return [found for k, part in parts for found in inside(part, (*path, k))]

    return [found for name, value in arguments.items() for found in inside(value, (name,))]


def value_at(arguments: Any, path: tuple[Any, ...]) -> Any:
    for part in path:
        arguments = arguments[part]
    return arguments


def replaced(arguments: Any, path: tuple[Any, ...], value: Any) -> Any:
    """The arguments with another value at a path."""
    if not path:
        return value
    inner = replaced(arguments[path[0]], path[1:], value)
    if isinstance(arguments, dict):
        return {**arguments, path[0]: inner}
    return type(arguments)([inner if k == path[0] else a for k, a in enumerate(arguments)])


def tensors_in(arguments: Arguments, dtype: Any = np.float64) -> Arguments:
    """The call with tensors of a dtype in place of its arrays of floats."""
    for path in arrays_in(arguments):
        tensor = ag.tensor(value_at(arguments, path), dtype=dtype)
        arguments = replaced(arguments, path, tensor)
    return arguments


def results_of(value: Any) -> list[Any]:
    """What a call gave, as arrays."""
    if isinstance(value, (list, tuple)):
        return [inner for part in value for inner in results_of(part)]
    return [np.asarray(getattr(value, "_data", value))]
