"""Names of PyTorch and NumPy that there are not here: what the error says to write instead.

Each such attribute of a tensor is a descriptor that raises (``autograd.methods.Foreign``):
``hasattr`` is False, as protocols that probe for names expect. What simply works stands in
``autograd.spelling``. Loaded when one of them is asked for.
"""

from __future__ import annotations

__all__ = ["ATTRIBUTES", "FUNCTIONS"]

_REAL = "t itself: tensors are real"
_OF_ARRAYS = ("tobytes", "tofile", "data_ptr", "base", "ctypes", "byteswap", "put")

#: What to write instead of an attribute that tensors do not have.
ATTRIBUTES: dict[str, str] = {
    "einsum": "autograd.einsum(subscripts, t)",
    "conj": _REAL,
    "conjugate": _REAL,
    "real": _REAL,
    "imag": "0: tensors are real",
    "flat": "t.ravel()",
    "searchsorted": "autograd.searchsorted(t, values)",
    "compress": "autograd.compress(condition, t)",
    "choose": "autograd.select(conditions, choices)",
    "fill": "t.fill_(value) under autograd.no_grad()",
    "argpartition": "t.argsort()",
    "values": "x.max(dim=1).values: with dim=, as in PyTorch, max, min, sort and median give two tensors",
    "indices": "x.max(dim=1).indices: with dim=, as in PyTorch, max, min, sort and median give two tensors",
    "bfloat16": "t.half() or t.float(): NumPy has no bfloat16",
    "map_": "t = f(t)",
    "apply_": "t = f(t)",
    "set_": "t.copy_(u) under autograd.no_grad()",
    "to_sparse": "nothing: all tensors are dense",
    "to_dense": "nothing: all tensors are dense",
    "coalesce": "nothing: all tensors are dense",
    "storage": "t.detach().numpy()",
    "untyped_storage": "t.detach().numpy()",
    **{name: f"the array's: t.detach().numpy().{name}" for name in _OF_ARRAYS},
}

_NN = "import nn: it is a package beside this one"

#: Functions of layers, which ``torch`` has as well as ``torch.nn.functional``.
_OF_LAYERS = (
    "adaptive_avg_pool1d adaptive_avg_pool2d adaptive_max_pool1d adaptive_max_pool2d affine_grid "
    "alpha_dropout avg_pool1d avg_pool2d avg_pool3d bilinear celu channel_shuffle conv_transpose1d "
    "conv_transpose2d conv_transpose3d cosine_embedding_loss cosine_similarity ctc_loss embedding_bag "
    "feature_alpha_dropout grid_sample group_norm hinge_embedding_loss instance_norm kl_div "
    "margin_ranking_loss max_pool1d max_pool2d max_pool3d pairwise_distance pixel_shuffle "
    "pixel_unshuffle poisson_nll_loss rms_norm rrelu selu triplet_margin_loss"
).split()

#: What to write instead of a function that ``autograd`` does not have.
FUNCTIONS: dict[str, str] = {
    "array": "autograd.tensor(data)",
    "nn": _NN,
    "optim": "nn.optim: import nn",
    "utils": "nn.data and nn.utils: import nn",
    "save": "nn.save(state_dict, path); nn.train.save_state(state, path) writes nested ones",
    "load": "nn.load(path); nn.train.load_state(path) reads what save_state wrote",
    "distributions": "nn.distributions: import nn",
    "functional": "autograd.func: jacobian(f)(x) for functional.jacobian(f, x), and so hessian, vjp, jvp",
    "amp": "nothing: there is no GPU; choose a dtype by t.half() or model.half()",
    "autocast": "nothing: there is no GPU; choose a dtype by t.half() or model.half()",
    "sparse_coo_tensor": "autograd.zeros(size) and t[index] = values: all tensors are dense",
    "use_deterministic_algorithms": "nothing: the same step gives the same bits",
    "triangular_solve": "autograd.linalg.solve_triangular(a, b, upper=True)",
    "lstm": "nn.LSTM: import nn",
    "gru": "nn.GRU: import nn",
    "histogram": "autograd.histc(t, bins, min, max)",
    "split_with_sizes": "t.split(sizes, dim=0)",
    "initial_seed": "autograd.manual_seed(seed), and remember the seed",
    "seed": "autograd.manual_seed(seed)",
    "get_rng_state": "autograd.default_generator().bit_generator.state",
    "set_rng_state": "autograd.default_generator().bit_generator.state = state",
    "nextafter": "numpy.nextafter(...): it has no gradient",
    "vmap": "autograd.func.vmap(f)",
    "jit": "nothing: there is no compiler; call the function itself",
    "compile": "nothing: there is no compiler; call the function itself",
    "distributed": "nn.parallel: import nn",
    "onnx": "nn.onnx: import nn",
    "fft": "numpy.fft on t.detach().numpy(): it has no gradient here",
    "stft": "numpy.fft on t.detach().numpy(): it has no gradient here",
    "conv1d": "nn.functional.conv1d(x, w)",
    "conv2d": "nn.functional.conv2d(x, w)",
    "conv3d": "nn.functional.conv3d(x, w)",
    "dropout": "nn.functional.dropout(x, p)",
    **{name: f"nn.functional.{name}(...)" for name in _OF_LAYERS},
    "batch_norm": "nn.functional.batch_norm(...)",
    "layer_norm": "nn.functional.layer_norm(...)",
    "embedding": "nn.functional.embedding(indices, weight)",
    "bfloat16": "autograd.float32: NumPy has no bfloat16",
    "complex64": "a raw primitive: tensors are real",
    "complex128": "a raw primitive: tensors are real",
    "channels_last": "nothing: the memory's layout is the kernels' own affair",
    "contiguous_format": "nothing: the memory's layout is the kernels' own affair",
    "preserve_format": "nothing: the memory's layout is the kernels' own affair",
    "profiler": "autograd.debug.record()",
    "set_printoptions": "numpy.set_printoptions(...)",
    "set_default_tensor_type": "autograd.set_default_dtype(dtype)",
    "real": _REAL,
    "conj": _REAL,
    **{name: word for name, word in ATTRIBUTES.items() if not word.startswith("t itself")},
}
