"""Every name of PyTorch's that tensors and ``autograd`` have, and what stands behind it.

A path is relative to ``autograd``, as ``ops.elementwise.multiply``. What PyTorch calls otherwise
than NumPy is the same function under another name; what takes its arguments in another order, or
more of them, is a line or two in ``autograd.spelling``.
"""

from __future__ import annotations

from autograd._names import WHERE

__all__ = ["FUNCTIONS", "METHODS", "READINGS"]


def _same(family: str, names: str) -> dict[str, str]:
    """``other=ours``, or a name that is the same in both."""
    pairs = [name.partition("=") for name in names.split()]
    return {other: f"{family}.{ours or other}" for other, _, ours in pairs}


#: What there is both as a function and as a method, under PyTorch's name.
_BOTH: dict[str, str] = {
    **_same(
        "spelling.matrices",
        "cholesky_solve cholesky_inverse matrix_exp renorm mvlgamma ldexp diag_embed diagonal_scatter "
        "slice_scatter histc unique_consecutive",
    ),
    **_same("ops.elementwise", "sgn=sign"),
    **_same("spelling.reductions", "msort"),
    **_same(
        "ops.elementwise",
        "mul=multiply multiply negative neg=negative floor_divide eq=equal ne=not_equal "
        "lt=less le=less_equal gt=greater ge=greater_equal greater less logical_and logical_or "
        "logical_xor logical_not bitwise_and bitwise_or bitwise_xor bitwise_not=invert abs=absolute "
        "absolute fix=trunc copysign heaviside fmax fmin signbit",
    ),
    **_same(
        "ops.transcendental",
        "acos=arccos asin=arcsin atan=arctan acosh=arccosh asinh=arcsinh "
        "atanh=arctanh atan2=arctan2 sinc logaddexp2 float_power",
    ),
    **_same("ops.products", "matmul vdot kron"),
    **_same(
        "ops.linalg.decompositions",
        "det inverse=inv slogdet matrix_power pinverse=pinv qr",
    ),
    **_same("ops.linalg.diagonals", "fliplr flipud rot90 diagflat diag"),
    **_same("ops.special", "lgamma digamma erfinv"),
    **_same("ops.cumulative", "logcumsumexp"),
    **_same("ops.sorting", "argsort"),
    **_same("ops.split_and_stack", "hsplit vsplit dsplit tensor_split=array_split"),
    **_same("ops.statistics", "nanmean nansum"),
    **_same("ops.gathering", "bincount argwhere"),
    **_same(
        "spelling.arithmetic",
        "add sub subtract=sub rsub div divide=div true_divide=div pow rsqrt lerp addcmul addcdiv "
        "clamp clamp_min clamp_max mm bmm mv addmm addmv baddbmm addbmm addr logdet dist isclose "
        "allclose isposinf isneginf frac logit xlogy norm svd",
    ),
    **_same("spelling.reductions", "kthvalue mode aminmax"),
    **_same(
        "spelling.shapes",
        "unsqueeze unflatten swapdims movedim permute chunk unbind narrow select t adjoint "
        "repeat_interleave ger",
    ),
    **_same(
        "spelling.indexing",
        "masked_fill masked_select masked_scatter gather scatter scatter_add scatter_reduce "
        "index_select take_along_dim index_add index_copy index_fill index_put select_scatter unique",
    ),
    **_same("spelling.creation", "bernoulli multinomial"),
    **_same("spelling.conversion", "numel is_floating_point is_complex is_nonzero"),
}

#: Methods only; a name that NumPy has, too, is here with both readings.
METHODS: dict[str, str] = {
    **_BOTH,
    **_same("spelling.readings", "max min median nanmedian sort std var split cummax cummin nonzero"),
    **_same(
        "spelling.shapes",
        "view view_as reshape_as expand expand_as transpose repeat tile flip squeeze "
        "unfold H=adjoint",
    ),
    **_same("spelling.indexing", "where=where_method"),
    **_same("spelling.arithmetic", "equal"),
    **_same("spelling.readings", "topk cholesky gather scatter scatter_add scatter_reduce"),
    **_same(
        "spelling.conversion",
        "to cpu cuda float=to_float double=to_double half=to_half long=to_long int=to_int "
        "short=to_short byte=to_byte char=to_char bool=to_bool type_as type=type_of dim ndimension=dim nelement=numel "
        "element_size stride contiguous is_contiguous get_device pin_memory=itself "
        "share_memory_=itself device=device_of is_cuda=on_gpu is_sparse=on_gpu is_mps=on_gpu "
        "is_quantized=on_gpu grad_fn H",
    ),
    **_same("spelling.creation", "new new_zeros new_ones new_full new_empty new_tensor"),
    **_same("ops.activations", "leaky_relu"),
    **_same("spelling.in_place", " ".join(
        "abs_ neg_ add_ sub_ subtract_ mul_ multiply_ div_ divide_ pow_ remainder_ fmod_ "
        "floor_divide_ ceil_ floor_ round_ trunc_ sign_ sqrt_ rsqrt_ square_ reciprocal_ exp_ expm1_ "
        "exp2_ log_ log1p_ log2_ log10_ sin_ cos_ tan_ sinh_ cosh_ tanh_ atan_ sigmoid_ relu_ erf_ "
        "erfc_ tril_ triu_ cumsum_ cumprod_ clamp_ clip_ clamp_min_ clamp_max_ lerp_ addcmul_ "
        "addcdiv_ addmm_ addbmm_ baddbmm_ addmv_ addr_ masked_fill_ masked_scatter_ index_add_ "
        "index_copy_ index_fill_ index_put_ scatter_ scatter_add_ scatter_reduce_ zero_ fill_ copy_ "
        "fill_diagonal_ normal_ uniform_ bernoulli_ exponential_ random_ log_normal_ geometric_ cauchy_ detach_ unsqueeze_ squeeze_ t_ "
        "transpose_ resize_".split()
    )),
}  # fmt: skip

#: Functions of autograd that are NumPy's by name, with PyTorch's reading beside NumPy's.
READINGS: dict[str, str] = {
    **_same("spelling.readings",
            "max min median nanmedian sort std var split cummax cummin cross meshgrid nonzero select "
            "equal gradient cholesky "
            "gather scatter scatter_add scatter_reduce einsum normal randint topk searchsorted"),
}  # fmt: skip

#: Functions of autograd that only PyTorch calls so.
FUNCTIONS: dict[str, str] = {
    **{name: path for name, path in _BOTH.items() if name not in WHERE},
    **_same("spelling.arithmetic", "cdist cumulative_trapezoid"),
    **_same(
        "spelling.matrices",
        "chain_matmul combinations pdist hann_window hamming_window blackman_window",
    ),
    **_same("ops.cumulative", "trapz=trapezoid"),
    **_same("ops.split_and_stack", "row_stack=vstack"),
    **_same("spelling.conversion", "result_type promote_types can_cast"),
    **_same(
        "spelling.shapes",
        "cat concat=cat broadcast_tensors cartesian_prod block_diag tril_indices triu_indices",
    ),
    **_same("spelling.reductions", "std_mean var_mean"),
    **_same("spelling.indexing", "bucketize"),
    **_same(
        "spelling.creation",
        "empty from_numpy asarray scalar_tensor logspace FloatTensor DoubleTensor HalfTensor "
        "LongTensor IntTensor BoolTensor rand_like randn_like randint_like randperm poisson Generator",
    ),
    **_same("spelling.conversion", "is_tensor Variable"),
    **_same("spelling.devices", "device get_default_dtype set_default_dtype cuda backends"),
    **_same("spelling.differences", "SpellingWarning"),
    **_same("core.modes", "inference_mode=no_grad"),
    **_same("engine.api", "backward=backward_from"),
    **_same("func", "graph=saved_tensors"),
    **_same("func.function", "Function"),
    **_same("func.saved_tensors", "saved_tensors_hooks"),
    **_same("debug.anomaly", "detect_anomaly set_detect_anomaly"),
}
