"""One working call of every public function, by its signature, for tests that go through them all.

``CALLS`` holds for each function a name and a mapping from its parameters to values; what a name
means nearly everywhere stands in ``USUAL``, what it means for one function in ``PARTICULAR``.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

import autograd as ag
import nn.functional as F
from autograd._names import WHERE
from tests.derivatives.cases import spread, symmetric

M = spread(3, 4)
N = spread(3, 4, seed=1) + 0.05
V = spread(4, seed=2)
POSITIVE = spread(3, 4, low=0.2, high=0.9)
SIGNS = np.where(N > 0, 1, -1)
INTEGERS = np.array([[2, 0, 1, 3], [1, 1, 0, 2], [0, 2, 3, 1]])
IMAGES = {1: spread(1, 2, 6), 2: spread(1, 2, 4, 5), 3: spread(1, 2, 3, 4, 3)}
KERNELS = {1: spread(2, 2, 3), 2: spread(2, 2, 3, 2), 3: spread(2, 2, 2, 2, 2)}


class Call(NamedTuple):
    """A function, its name, and the value of every parameter that it is called with."""

    name: str
    function: Callable[..., Any]
    values: dict[str, Any]

    def __call__(self, **changed: Any) -> Any:
        """Call it, with other values for some parameters."""
        values = {**self.values, **changed}
        positional: list[Any] = []
        named = {}
        for key, parameter in inspect.signature(self.function).parameters.items():
            if key not in values:
                continue
            if parameter.kind is parameter.VAR_POSITIONAL:
                positional = [*positional, *named.values(), *values[key]]
                named = {}
            else:
                named[key] = values[key]
        return self.function(*positional, **named)


#: No functions on arrays: classes, modes, what draws random numbers from shapes alone, and what
#: takes functions or graphs.
LEFT_OUT = frozenset(
    "c_ r_ HookHandle ModuleInfo ModulePath Tensor all_reduce as_tensor backward_steps convolve_output_size default_dtype "
    "default_generator empty_cache enable_grad explain_kernel from_dlpack generator_or_default own_generator "
    "get_num_threads grad is_grad_enabled manual_seed module_path module_scope no_grad "
    "pad_indices pool_output_size primitive rand randn scalars set_grad_enabled set_module_path "
    "set_num_threads tensor writable ones zeros eye randint LinAlgError".split()
)

#: What a parameter is called nearly everywhere, and a value for it.
USUAL: dict[str, Any] = {
    "x": M, "y": N, "a": M, "b": N, "m": M, "v": V, "t": M, "f": M, "input": M, "target": N,
    "arrays": [M, N], "vectors": [V, V], "data": M, "x1": M, "x2": N, "operands": [M, N],
    "values": V, "indices": INTEGERS, "index": 1, "axis": 0, "shape": (2, 3, 4), "dtype": None,
    "condition": N > 0, "weight": V, "bias": V, "q": 0.3, "fill_value": 1.5, "repeats": 2,
    "source": 0, "destination": 1, "axis1": 0, "axis2": 1, "obj": 1, "k": 0, "shift": 1,
    "kernel_shape": (2, 2), "kernel_size": 2, "out_shape": (2, 2), "output_size": 2,
    "indices_or_sections": 2, "start": 0.5, "stop": 2.5, "num": 4, "spacing": [],
}  # fmt: skip

_IMAGE = {"x": IMAGES[2]}
_SQUARE = symmetric(3) + 0.0
#: Further parameters, or other values, of single functions.
PARTICULAR: dict[str, dict[str, Any]] = {
    **{f"ag.{name}": {"x": POSITIVE} for name in
       "sqrt reciprocal cbrt log log10 log2 log1p arcsin arccos arctanh erfinv lgamma digamma".split()},
    **{f"ag.{name}": {"x": INTEGERS, "y": INTEGERS % 3} for name in
       "bitwise_and bitwise_or bitwise_xor left_shift right_shift".split()},
    **{f"ag.{name}": {"x": POSITIVE, "y": N} for name in ("power", "float_power")},
    "ag.invert": {"x": INTEGERS},
    "ag.arccosh": {"x": POSITIVE + 1.0},
    "ag.add_at": {"values": V},
    "ag.adaptive_avg_pool": _IMAGE,
    "ag.adaptive_max_pool": _IMAGE,
    "ag.append": {"values": N},
    "ag.arange": {"stop": 4.0, "start": 0.0},
    "ag.average": {"axis": 0, "weights": POSITIVE[:, 0]},
    "ag.avg_pool": _IMAGE,
    "ag.binary_cross_entropy": {"x": POSITIVE, "target": POSITIVE[::-1]},
    "ag.bincount": {"x": INTEGERS[0], "weights": V},
    "ag.block": {"arrays": [[M, N]]},
    "ag.broadcast_to": {"x": M},
    "ag.choose": {"a": INTEGERS % 2, "choices": [M, N]},
    "ag.clip": {"low": -0.71, "high": 0.83},
    "ag.compress": {"condition": np.array([True, False, True])},
    **{f"ag.{name}": {"x": IMAGES[2], "w": KERNELS[2], "bias": spread(2)} for name in
       ("convolve", "correlate")},
    "ag.correlate_input": {"y": IMAGES[2], "w": KERNELS[2]},
    "ag.correlate_weight": {"x": IMAGES[2], "y": spread(1, 2, 2, 4)},
    "ag.cov": {"y": N, "aweights": np.array([0.5, 1.0, 0.7, 0.3]), "ddof": 0.5},
    "ag.corrcoef": {"y": N},
    "ag.crop": {"widths": [(1, 0), (0, 1)]},
    "ag.cross": {"a": M[:, :3], "b": N[:, :3], "axis": None},
    "linalg.cross": {"a": M[:, :3], "b": N[:, :3], "axis": None},
    "ag.cross_entropy": {"targets": np.array([0, 2, 1]), "weight": POSITIVE[0]},
    "ag.delete": {"axis": 0},
    "ag.diff": {"prepend": 0.4, "append": 0.3, "axis": 1},
    "ag.dot": {"b": N.T},
    "ag.dsplit": {"x": spread(2, 2, 2)},
    "ag.ediff1d": {"to_end": V, "to_begin": V},
    "ag.einsum": {"subscripts": "ij,ij->i"},
    "ag.extract": {"condition": N > 0},
    "ag.fold_windows": {"w": spread(1, 2, 3, 4, 2, 2), "input_shape": (4, 5)},
    "ag.gather": {"indices": INTEGERS % 3},
    "ag.gradient": {"axis": 1},
    "ag.hsplit": {"x": M},
    "ag.insert": {"values": V, "axis": 0},
    "ag.interp": {"x": spread(3), "xp": np.array([-1.0, 0.1, 0.7]), "fp": spread(3), "left": 0.3,
                  "right": 0.4},
    "ag.interpolate": {**_IMAGE, "out_shape": (3, 3), "mode": "linear"},
    "ag.cumulative_prod": {"axis": 0}, "ag.cumulative_sum": {"axis": 0},
    "ag.linear": {"w": N, "bias": spread(3)},
    "ag.linspace": {"dtype": np.float64},
    "ag.matmul": {"y": N.T}, "linalg.matmul": {"y": N.T},
    "ag.max_pool": _IMAGE,
    "ag.meshgrid": {"vectors": [V, V]},
    "ag.nll_loss": {"targets": np.array([0, 2, 1]), "weight": POSITIVE[0]},
    "ag.normal": {"mean": 0.5, "std": 2.0, "shape": (3,)},
    "ag.normalize": {"weight": V, "bias": V, "axes": (1,)},
    "ag.partition": {"kth": 1},
    "ag.polygamma": {"n": 2, "x": POSITIVE},
    "ag.pad": {"pad_width": 1, "constant_values": 0.5},
    "ag.pad_constant": {"widths": [(1, 0), (0, 1)], "value": 0.5},
    "ag.pad_index": {"widths": [(1, 0), (0, 1)], "mode": "reflect"},
    "ag.polyval": {"p": V, "x": M},
    "ag.prelu": {"weight": np.array(0.25)},
    "ag.percentile": {"q": 30.0}, "ag.nanpercentile": {"q": 30.0},
    "ag.quantile": {"q": 0.3}, "ag.nanquantile": {"q": 0.3},
    "ag.reshape": {"shape": (4, 3)},
    "ag.resize": {"new_shape": (2, 3), "shape": (2, 3)},
    "ag.rollaxis": {"axis": 1},
    "ag.scatter_add": {"indices": INTEGERS % 3, "values": N},
    "ag.scatter": {"indices": INTEGERS % 3, "values": N, "axis": 0},
    "ag.scatter_reduce": {"indices": INTEGERS % 3, "values": N, "axis": 0},
    "ag.scatter_windows": {},
    "ag.searchsorted": {"a": np.array([0.0, 1.0]), "v": V},
    "ag.select": {"conditions": [N > 0, N < -0.5], "choices": [M, N], "default": 0.5},
    "ag.set_at": {"values": V},
    "ag.split": {"indices_or_sections": 3}, "ag.vsplit": {"indices_or_sections": 3},
    "ag.swapaxes": {},
    "ag.take": {"indices": np.array([2, 0]), "axis": 0},
    "ag.take_along_axis": {"indices": INTEGERS % 3, "axis": 0},
    "ag.take_axis": {"index": np.array([2, 0]), "axis": 0},
    "ag.tensordot": {"b": N, "axes": 2}, "linalg.tensordot": {"b": N, "axes": 2},
    "ag.threshold": {"threshold": 0.1, "value": 0.2},
    "ag.tile": {"reps": (2, 1)},
    "ag.topk": {"k": 2, "axis": 1},
    "ag.trapezoid": {"y": M, "x": np.array([0.0, 1.0, 3.0]), "axis": 0},
    "ag.uniform": {"low": 0.5, "high": 2.0, "shape": (3,)},
    "ag.unwrap": {"period": 4.0},
    "ag.vander": {"x": V, "n": 3},
    "ag.sliding_window_view": {"window_shape": (2, 2), "axis": None},
    "ag.where": {"x": M, "y": N},
    "ag.windows": {"x": IMAGES[2], "kernel_shape": (2, 2)},
    **{f"linalg.{name}": {"a": _SQUARE} for name in
       "cholesky det eigh eigvalsh inv matrix_power pinv slogdet solve".split()},
    "linalg.cond": {"x": _SQUARE},
    "linalg.matrix_exp": {"x": _SQUARE},
    "linalg.lstsq": {"a": M.T, "b": V},
    "linalg.matrix_power": {"a": _SQUARE, "n": 2},
    "linalg.multi_dot": {"arrays": [M, N.T]},
    "linalg.solve": {"a": _SQUARE, "b": spread(3)},
    "linalg.solve_triangular": {"a": _SQUARE, "b": spread(3, 2), "upper": True},
    "linalg.tensorinv": {"a": _SQUARE[:2, :2].reshape(2, 1, 2, 1) + 0.0, "ind": 2},
    "linalg.tensorsolve": {"a": _SQUARE, "b": spread(3), "axes": None},
    "linalg.vector_norm": {"axis": 1},
    "linalg.matrix_norm": {"axis": (-2, -1)},
    "linalg.norm": {"axis": 1},
    "linalg.qr": {"a": M.T},
    "linalg.svd": {"full_matrices": False},
}  # fmt: skip

_OF_IMAGES = "avg_pool max_pool lp_pool adaptive_avg_pool adaptive_max_pool conv conv_transpose convolve pool"
_NAMES = {**USUAL, "running_mean": np.array([0.1, 0.2]), "running_var": np.array([0.8, 0.9])}
PARTICULAR.update(
    {
        **{f"F.{family}{n}d": {"input": IMAGES[n], "weight": KERNELS[n], "bias": spread(2),
                               "norm_type": 2.0, "function": lambda w, n=n: ag.sum(w, tuple(range(-n, 0)))}
           for family in _OF_IMAGES.split() for n in (1, 2, 3)},
        **{f"F.dropout{n}d": {"input": IMAGES[n]} for n in (1, 2, 3)},
        **{f"F.max_unpool{n}d": {"input": IMAGES[n][..., :2, :][..., :2] if n > 1
                                 else IMAGES[1][..., :2],
                                 "indices": np.arange(IMAGES[n][..., :2, :][..., :2].size if n > 1
                                                      else 4).reshape(
                                     (IMAGES[n][..., :2, :][..., :2] if n > 1
                                      else IMAGES[1][..., :2]).shape) % 4}
           for n in (1, 2, 3)},
        **{f"F.{name}": {"input": POSITIVE, "target": POSITIVE[::-1], "weight": POSITIVE}
           for name in ("binary_cross_entropy", "binary_cross_entropy_with_logits")},
        "F.pool": {"input": IMAGES[2], "function": lambda w: ag.sum(w, (-2, -1)),
                   "kernel_size": (2, 2)},
        "F.batch_norm": {"input": IMAGES[1], "weight": spread(2), "bias": spread(2)},
        "F.instance_norm": {"input": IMAGES[1], "weight": spread(2), "bias": spread(2)},
        "F.group_norm": {"input": IMAGES[1], "num_groups": 1, "weight": spread(2),
                         "bias": spread(2)},
        "F.layer_norm": {"normalized_shape": (4,)},
        "F.rms_norm": {"normalized_shape": (4,)},
        "F.local_response_norm": {"input": IMAGES[1], "size": 2},
        "F.bilinear": {"input1": M, "input2": N, "weight": spread(2, 4, 4), "bias": spread(2)},
        "F.embedding": {"input": INTEGERS % 3, "weight": M},
        "F.embedding_bag": {"input": INTEGERS.ravel() % 3, "weight": M, "offsets": np.array([0, 2])},
        "F.gumbel_softmax": {"logits": M},
        "F.linear": {"weight": N, "bias": spread(3)},
        "F.affine_grid": {"theta": spread(1, 2, 3), "size": (1, 1, 2, 3)},
        "F.grid_sample": {"input": IMAGES[2], "grid": 0.83 * spread(1, 2, 3, 2)},
        "F.margin_ranking_loss": {"input1": M, "input2": N, "target": SIGNS},
        "F.cosine_embedding_loss": {"input1": M, "input2": N, "target": SIGNS[:, 0]},
        **{f"F.{name}": {"target": SIGNS} for name in ("hinge_embedding_loss", "soft_margin_loss")},
        **{f"F.{name}": {"anchor": M, "positive": N, "negative": 1.13 * M[::-1, ::-1]} for name in
           ("triplet_margin_loss", "triplet_margin_with_distance_loss")},
        "F.multi_margin_loss": {"margin": 0.9317, "target": np.array([0, 2, 1]), "weight": POSITIVE[0]},
        "F.multilabel_margin_loss": {"target": INTEGERS},
        "F.multilabel_soft_margin_loss": {"target": POSITIVE},
        "F.gaussian_nll_loss": {"var": POSITIVE},
        "F.ctc_loss": {"log_probs": spread(4, 2, 3), "targets": np.array([[1, 1], [2, 0]]),
                       "input_lengths": np.array([4, 3]), "target_lengths": np.array([2, 1])},
        "F.scaled_dot_product_attention": {"query": M, "key": N, "value": N, "attn_mask": M[:, :3]},
        "F.one_hot": {"tensor": INTEGERS},
        "F.prelu": {"weight": np.array(0.25)},
        "F.threshold": {"threshold": 0.1, "value": 0.2},
        "F.cross_entropy": {"target": np.array([0, 2, 1]), "weight": POSITIVE[0]},
        "F.nll_loss": {"target": np.array([0, 2, 1]), "weight": POSITIVE[0]},
        "F.kl_div": {"target": POSITIVE},
        **{f"F.{name}": {"weight": POSITIVE} for name in ("mse_loss", "l1_loss", "huber_loss")},
        "F.pad": {"pad": (1, 1), "value": 0.5},
        "F.fold": {"input": spread(1, 4, 6), "output_size": (3, 4)},
        "F.unfold": {"input": IMAGES[2]},
        "F.channel_shuffle": {"input": spread(1, 4, 2), "groups": 2},
        "F.pixel_shuffle": {"input": spread(1, 4, 2, 2), "upscale_factor": 2},
        "F.pixel_unshuffle": {"input": spread(1, 1, 2, 4), "downscale_factor": 2},
        "F.interpolate": {"input": IMAGES[2], "size": (3, 3), "mode": "bilinear"},
        **{f"F.{name}": {"input": IMAGES[2], "size": (3, 3)} for name in
           ("upsample", "upsample_nearest", "upsample_bilinear")},
        "ag.scatter_windows": {"y": spread(1, 1, 2, 2), "indices": np.array([[[[0, 1], [2, 3]]]]),
                               "input_shape": (2, 3)},
        "ag.take_windows": {"x": spread(1, 1, 2, 3), "indices": np.array([[[[0, 1], [2, 3]]]])},
    }
)  # fmt: skip


def calls() -> dict[str, Call]:
    """A call of every public function on arrays, by its name."""
    found = {}
    places: list[tuple[str, Any, Any]] = [
        ("ag", ag, WHERE), ("linalg", ag.linalg, ag.linalg.__all__), ("F", F, F.__all__),
    ]  # fmt: skip
    for place, module, names in places:
        for name in names:
            if name in LEFT_OUT:
                continue
            function = getattr(module, name)
            key = f"{place}.{name}"
            parameters = inspect.signature(function).parameters
            particular = PARTICULAR.get(key, {})
            values = {}
            for parameter in parameters.values():
                required = parameter.default is parameter.empty
                if parameter.name in particular:
                    values[parameter.name] = particular[parameter.name]
                elif required and parameter.name in _NAMES:
                    values[parameter.name] = _NAMES[parameter.name]
            found[key] = Call(key, function, values)
    return found
