"""Records the kit's cases from PyTorch, in float64: ``python -m tests.func.record_kit``.

The oracle is another library than the one that is judged; nothing of ``autograd`` is computed here.
"""

import json
from pathlib import Path

import numpy as np

PATH = Path(__file__).parents[2] / "autograd" / "func" / "kit" / "cases.npz"


class Cases:
    """Draws inputs and lists cases: ``(operation, label, inputs, static arguments)``."""

    def __init__(self):
        self.random = np.random.default_rng(20)
        self.listed = []

    def normal(self, *shape):
        return np.round(self.random.normal(size=shape), 2)

    def apart(self, *shape):
        """No two alike, none at 0: neither ties nor kinks."""
        count = int(np.prod(shape))
        values = np.linspace(-1.9, 2.1, count) if count > 1 else np.array([0.7])
        return np.round(self.random.permutation(values), 3).reshape(shape)

    def positive(self, *shape):
        return np.round(self.random.uniform(0.3, 2.0, size=shape), 2)

    def add(self, op, label, *inputs, **statics):
        self.listed.append((op, label, inputs, statics))


def all_cases():
    c = Cases()
    for op in ("exp", "square", "sin", "cos", "tanh", "sigmoid", "softplus", "silu", "gelu"):
        c.add(op, "a matrix", c.normal(2, 3))
    for op in ("log", "sqrt", "reciprocal"):
        c.add(op, "a matrix", c.positive(2, 3))
    for op in ("absolute", "relu"):
        c.add(op, "a matrix", c.apart(3, 4))
    for op in ("exp", "sigmoid", "relu"):
        c.add(op, "one number", c.apart())
    for op in ("sigmoid", "softplus", "tanh"):
        c.add(op, "large numbers", np.array([-40.0, -3.0, 3.0, 40.0]))
    c.add("leaky_relu", "a matrix", c.apart(3, 4))
    c.add("leaky_relu", "negative_slope 0.2", c.apart(3, 4), negative_slope=0.2)
    c.add("elu", "a matrix", c.apart(3, 4))
    c.add("elu", "alpha 0.5", c.apart(3, 4), alpha=0.5)
    c.add("clip", "a matrix", c.apart(3, 4))
    c.add("clip", "from -0.5 to 1.2", c.apart(3, 4), low=-0.5, high=1.2)
    for op in ("add", "subtract", "multiply", "divide", "power", "maximum", "minimum"):

        def draw(shape, op=op):
            return c.positive(*shape) if op in ("divide", "power") else c.apart(*shape)

        c.add(op, "equal shapes", draw((2, 3)), draw((2, 3)) + 0.017)
        c.add(op, "a row broadcast", draw((2, 3)), draw((3,)) + 0.017)
        c.add(op, "a column and a row", draw((2, 1)), draw((1, 3)) + 0.017)
        c.add(op, "a number broadcast", draw(()), draw((2, 2)) + 0.017)
    c.add("where", "equal shapes", c.apart(2, 3) > 0, c.normal(2, 3), c.normal(2, 3))
    c.add("where", "broadcast", c.apart(2, 3) > 0, c.normal(3), c.normal(2, 1))

    for op in ("sum", "mean", "logsumexp", "norm"):
        c.add(op, "all", c.normal(2, 3))
        c.add(op, "axis 0", c.normal(3, 2), axis=0)
        c.add(op, "axis 1, keepdims", c.normal(2, 3, 2), axis=1, keepdims=True)
    for op in ("sum", "mean"):
        c.add(op, "axes 0 and 2", c.normal(2, 3, 2), axis=(0, 2))
    for op in ("max", "min"):
        c.add(op, "all", c.apart(2, 3))
        c.add(op, "axis 0", c.apart(3, 4), axis=0)
        c.add(op, "axis 1, keepdims", c.apart(2, 3, 2), axis=1, keepdims=True)
    c.add("prod", "all", c.positive(2, 3))
    c.add("prod", "axis 1", c.positive(2, 3), axis=1)
    c.add("prod", "with a zero", np.array([2.0, 0.0, 5.0]))
    c.add("var", "all", c.normal(2, 3))
    c.add("var", "axis 0", c.normal(4, 2), axis=0)
    c.add("var", "ddof 1", c.normal(4, 3), axis=0, ddof=1)
    c.add("cumsum", "axis 0", c.normal(3, 2), axis=0)
    c.add("cumsum", "axis 1", c.normal(2, 4), axis=1)

    c.add("reshape", "to a row", c.normal(2, 3), shape=(6,))
    c.add("reshape", "to three axes", c.normal(4, 3), shape=(2, 2, 3))
    c.add("transpose", "a matrix", c.normal(2, 3))
    c.add("transpose", "three axes", c.normal(2, 3, 4), axes=(1, 2, 0))
    c.add("broadcast_to", "a row", c.normal(3), shape=(2, 3))
    c.add("broadcast_to", "a column in the middle", c.normal(2, 1, 2), shape=(3, 2, 2, 2))
    c.add("flip", "axis 0", c.normal(3, 2))
    c.add("flip", "axis 1", c.normal(2, 3), axis=1)
    c.add("concatenate", "axis 0", c.normal(2, 3), c.normal(1, 3))
    c.add("concatenate", "axis 1", c.normal(2, 1), c.normal(2, 3), axis=1)
    c.add("stack", "axis 0", c.normal(2, 3), c.normal(2, 3))
    c.add("stack", "axis 1", c.normal(2, 3), c.normal(2, 3), axis=1)
    c.add("slice", "rows", c.normal(4, 2), start=1, stop=3)
    c.add("slice", "every second column", c.normal(2, 5), axis=1, step=2)
    c.add("take", "indices that repeat", c.normal(3, 2), np.array([0, 2, 2, 1]))
    c.add("take", "axis 1", c.normal(2, 3), np.array([2, 0, 2]), axis=1)
    c.add("pick", "one of each row", c.normal(4, 3), np.array([2, 0, 0, 1]))
    for mode in ("constant", "reflect", "edge", "wrap"):
        c.add("pad", mode, c.normal(1, 1, 3, 4), widths=((0, 0), (0, 0), (1, 2), (2, 1)), mode=mode)

    c.add("matmul", "matrices", c.normal(2, 3), c.normal(3, 4))
    c.add("matmul", "vectors", c.normal(3), c.normal(3))
    c.add("matmul", "a matrix and a vector", c.normal(2, 3), c.normal(3))
    c.add("matmul", "stacks", c.normal(2, 2, 3), c.normal(2, 3, 2))
    c.add("matmul", "a stack and a matrix", c.normal(2, 2, 3), c.normal(3, 2))
    c.add("outer", "vectors", c.normal(3), c.normal(2))
    c.add("linear", "a batch of three", c.normal(3, 4), c.normal(2, 4), c.normal(2))
    c.add("linear", "a batch of one", c.normal(1, 3), c.normal(2, 3), c.normal(2))
    c.add("embedding", "indices that repeat", np.array([[1, 0], [1, 3]]), c.normal(4, 2))
    c.add("attention", "two heads", c.normal(2, 3, 2), c.normal(2, 4, 2), c.normal(2, 4, 2))

    c.add("conv1d", "plain", c.normal(2, 2, 6), c.normal(3, 2, 3), c.normal(3))
    c.add("conv1d", "stride 2", c.normal(1, 2, 7), c.normal(2, 2, 3), c.normal(2), stride=2)
    c.add("conv1d", "padding 1", c.normal(1, 1, 5), c.normal(2, 1, 3), c.normal(2), padding=1)
    c.add("conv1d", "dilation 2", c.normal(1, 2, 7), c.normal(2, 2, 3), c.normal(2), dilation=2)
    c.add("conv1d", "groups 2", c.normal(2, 4, 5), c.normal(4, 2, 2), c.normal(4), groups=2)
    c.add("conv2d", "plain", c.normal(2, 2, 4, 5), c.normal(3, 2, 3, 2), c.normal(3))
    c.add("conv2d", "1 × 1", c.normal(2, 3, 2, 3), c.normal(2, 3, 1, 1), c.normal(2))
    c.add("conv2d", "stride 2", c.normal(1, 2, 5, 6), c.normal(2, 2, 2, 3), c.normal(2), stride=2)
    c.add("conv2d", "stride 2, which leaves a row over", c.normal(1, 1, 6, 6), c.normal(1, 1, 3, 3),
          c.normal(1), stride=2)  # fmt: skip
    c.add("conv2d", "padding 1", c.normal(1, 2, 4, 4), c.normal(2, 2, 3, 3), c.normal(2), padding=1)
    c.add(
        "conv2d", "dilation 2", c.normal(1, 1, 6, 5), c.normal(2, 1, 3, 2), c.normal(2), dilation=2
    )
    c.add("conv2d", "groups 2", c.normal(1, 4, 4, 4), c.normal(4, 2, 2, 3), c.normal(4), groups=2)
    c.add("conv2d", "depthwise", c.normal(1, 3, 4, 4), c.normal(3, 1, 3, 3), c.normal(3), groups=3)
    c.add("conv2d", "all of it", c.normal(1, 4, 6, 6), c.normal(2, 2, 2, 2), c.normal(2), stride=2,
          padding=1, dilation=2, groups=2)  # fmt: skip
    c.add("conv_transpose1d", "plain", c.normal(2, 2, 4), c.normal(2, 3, 3), c.normal(3))
    c.add("conv_transpose1d", "stride 2, padding 1", c.normal(1, 2, 4), c.normal(2, 1, 3), c.normal(1),
          stride=2, padding=1)  # fmt: skip
    c.add("conv_transpose1d", "all of it", c.normal(1, 2, 3), c.normal(2, 2, 2), c.normal(4), stride=3,
          output_padding=1, dilation=2, groups=2)  # fmt: skip
    c.add("conv_transpose2d", "plain", c.normal(1, 2, 3, 3), c.normal(2, 2, 2, 3), c.normal(2))
    c.add(
        "conv_transpose2d",
        "stride 2",
        c.normal(1, 2, 3, 2),
        c.normal(2, 1, 3, 3),
        c.normal(1),
        stride=2,
    )
    c.add("conv_transpose2d", "output_padding 1", c.normal(1, 1, 3, 3), c.normal(1, 2, 3, 3), c.normal(2),
          stride=2, padding=1, output_padding=1)  # fmt: skip
    c.add(
        "conv_transpose2d",
        "groups 2",
        c.normal(1, 4, 2, 2),
        c.normal(4, 1, 2, 2),
        c.normal(2),
        groups=2,
    )
    c.add("conv_transpose2d", "dilation 2", c.normal(1, 1, 3, 3), c.normal(1, 1, 2, 2), c.normal(1),
          dilation=2)  # fmt: skip
    c.add("max_pool1d", "kernel 2", c.apart(2, 2, 6))
    c.add("max_pool1d", "overlapping", c.apart(1, 2, 7), kernel=3, stride=2)
    c.add(
        "max_pool1d",
        "padding 1, dilation 2",
        c.apart(1, 2, 7),
        kernel=3,
        stride=1,
        padding=1,
        dilation=2,
    )
    c.add("max_pool2d", "kernel 2", c.apart(1, 2, 4, 4))
    c.add("max_pool2d", "overlapping", c.apart(1, 2, 5, 5), kernel=3, stride=1)
    c.add("max_pool2d", "padding 1", c.apart(1, 1, 4, 4), kernel=3, stride=2, padding=1)
    c.add("max_pool2d", "dilation 2", c.apart(1, 1, 5, 5), kernel=2, stride=1, dilation=2)
    c.add("max_pool2d", "ceil_mode", c.apart(1, 1, 5, 5), ceil_mode=True)
    c.add("avg_pool1d", "kernel 2", c.normal(2, 2, 6))
    c.add("avg_pool1d", "overlapping", c.normal(1, 2, 7), kernel=3, stride=2)
    c.add("avg_pool1d", "padding 1", c.normal(1, 2, 5), kernel=3, stride=2, padding=1)
    c.add("avg_pool2d", "kernel 2", c.normal(1, 2, 4, 4))
    c.add("avg_pool2d", "overlapping", c.normal(1, 2, 5, 5), kernel=3, stride=1)
    c.add("avg_pool2d", "padding 1", c.normal(1, 1, 4, 4), kernel=3, stride=2, padding=1)
    c.add("avg_pool2d", "padding not counted", c.normal(1, 1, 4, 4), kernel=3, stride=2, padding=1,
          count_include_pad=False)  # fmt: skip
    c.add("global_avg_pool2d", "two channels", c.normal(2, 2, 3, 4))
    c.add("upsample_nearest2d", "scale 2", c.normal(1, 2, 2, 3))
    c.add("upsample_nearest2d", "scale 3", c.normal(1, 1, 2, 2), scale=3)

    c.add("batch_norm", "of vectors", c.normal(5, 3), c.positive(3), c.normal(3))
    c.add("batch_norm", "of images", c.normal(3, 2, 2, 3), c.positive(2), c.normal(2))
    c.add("batch_norm", "eps 0.1", c.normal(4, 2), c.positive(2), c.normal(2), eps=0.1)
    c.add("layer_norm", "of vectors", c.normal(3, 4), c.positive(4), c.normal(4))
    c.add("layer_norm", "of sequences", c.normal(2, 3, 4), c.positive(4), c.normal(4))
    c.add("layer_norm", "eps 0.1", c.normal(2, 3), c.positive(3), c.normal(3), eps=0.1)
    c.add("group_norm", "eps 0.1", c.normal(1, 4, 2), c.positive(4), c.normal(4), groups=2, eps=0.1)
    c.add("group_norm", "one group", c.normal(2, 4, 3), c.positive(4), c.normal(4))
    c.add("group_norm", "two groups", c.normal(2, 4, 2, 2), c.positive(4), c.normal(4), groups=2)
    for op in ("softmax", "log_softmax"):
        c.add(op, "rows", c.normal(3, 4))
        c.add(op, "axis 0", c.normal(3, 2), axis=0)
        c.add(op, "large numbers", np.array([[1000.0, 999.0, 0.0], [-1000.0, 0.5, 0.0]]))
    targets = np.array([2, 0, 0, 1])
    for reduction in ("mean", "sum", "none"):
        c.add("cross_entropy", reduction, c.normal(4, 3), targets, reduction=reduction)
        c.add("mse_loss", reduction, c.normal(2, 3), c.normal(2, 3), reduction=reduction)
        c.add(
            "huber_loss", reduction, c.apart(3, 3), c.apart(3, 3) / 2 + 0.017, reduction=reduction
        )
        c.add("binary_cross_entropy_with_logits", reduction, c.normal(2, 3), np.round(c.random.random((2, 3)), 2),
              reduction=reduction)  # fmt: skip
    c.add(
        "cross_entropy", "label smoothing", c.normal(3, 4), np.array([3, 1, 1]), label_smoothing=0.1
    )
    c.add(
        "cross_entropy", "large numbers", np.array([[1000.0, 0.0], [0.0, 1000.0]]), np.array([0, 0])
    )
    c.add("huber_loss", "delta 0.5", c.apart(3, 3), c.apart(3, 3) / 2 + 0.017, delta=0.5)
    return c.listed


def oracles(torch):
    """The operations as PyTorch has them."""
    F = torch.nn.functional

    def axes(x, axis):
        return tuple(range(x.ndim)) if axis is None else axis

    def pad(x, widths, mode):
        flat = [n for pair in reversed(widths[2:]) for n in pair]
        mode = {"edge": "replicate", "wrap": "circular"}.get(mode, mode)
        return F.pad(x, flat, mode=mode)

    def extreme(which):
        def function(x, axis=None, keepdims=False):
            return (
                getattr(x, which)()
                if axis is None
                else getattr(x, which)(axis, keepdim=keepdims).values
            )

        return function

    def prod(x, axis=None):
        return x.prod() if axis is None else x.prod(axis)

    def normed(x, w, b, eps=1e-5):
        return F.batch_norm(x, None, None, w, b, training=True, eps=eps)

    def pool(function, x, kernel=2, **statics):
        return function(x, kernel, **statics)

    def loss(function):
        return lambda x, y, **statics: function(x, y, **statics)

    return {
        **{name: getattr(torch, name) for name in
           ("exp", "log", "sqrt", "square", "reciprocal", "sin", "cos", "tanh", "sigmoid",
            "subtract", "multiply", "divide", "maximum", "minimum", "where", "matmul", "outer")},
        "add": torch.add, "power": torch.pow, "absolute": torch.abs,
        "relu": F.relu, "softplus": F.softplus, "silu": F.silu, "gelu": F.gelu,
        "leaky_relu": F.leaky_relu, "elu": F.elu,
        "clip": lambda x, low=-1.0, high=1.0: torch.clamp(x, low, high),
        "sum": lambda x, axis=None, keepdims=False: x.sum(axes(x, axis), keepdim=keepdims),
        "mean": lambda x, axis=None, keepdims=False: x.mean(axes(x, axis), keepdim=keepdims),
        "logsumexp": lambda x, axis=None, keepdims=False: x.logsumexp(axes(x, axis), keepdim=keepdims),
        "norm": lambda x, axis=None, keepdims=False: torch.linalg.vector_norm(x, dim=axes(x, axis), keepdim=keepdims),
        "max": extreme("max"), "min": extreme("min"), "prod": prod,
        "var": lambda x, axis=None, ddof=0: x.var(axes(x, axis), correction=ddof),
        "cumsum": lambda x, axis=0: x.cumsum(axis),
        "reshape": lambda x, shape: x.reshape(shape),
        "transpose": lambda x, axes=None: x.permute(axes or tuple(range(x.ndim))[::-1]),
        "broadcast_to": lambda x, shape: x.broadcast_to(shape),
        "flip": lambda x, axis=0: x.flip(axis),
        "concatenate": lambda x, y, axis=0: torch.cat([x, y], axis),
        "stack": lambda x, y, axis=0: torch.stack([x, y], axis),
        "slice": lambda x, axis=0, start=None, stop=None, step=None:
            x[(slice(None),) * axis + (slice(start, stop, step),)],
        "take": lambda x, indices, axis=0: x.index_select(axis, indices),
        "pick": lambda x, indices: x.gather(1, indices[:, None])[:, 0],
        "pad": pad,
        "linear": F.linear, "embedding": F.embedding, "attention": F.scaled_dot_product_attention,
        "conv1d": F.conv1d, "conv2d": F.conv2d,
        "conv_transpose1d": F.conv_transpose1d, "conv_transpose2d": F.conv_transpose2d,
        "max_pool1d": lambda x, **s: pool(F.max_pool1d, x, **s),
        "max_pool2d": lambda x, **s: pool(F.max_pool2d, x, **s),
        "avg_pool1d": lambda x, **s: pool(F.avg_pool1d, x, **s),
        "avg_pool2d": lambda x, **s: pool(F.avg_pool2d, x, **s),
        "global_avg_pool2d": lambda x: F.adaptive_avg_pool2d(x, 1)[:, :, 0, 0],
        "upsample_nearest2d": lambda x, scale=2: F.interpolate(x, scale_factor=scale, mode="nearest"),
        "batch_norm": normed,
        "layer_norm": lambda x, w, b, eps=1e-5: F.layer_norm(x, w.shape, w, b, eps),
        "group_norm": lambda x, w, b, groups=1, eps=1e-5: F.group_norm(x, groups, w, b, eps),
        "softmax": lambda x, axis=-1: F.softmax(x, axis),
        "log_softmax": lambda x, axis=-1: F.log_softmax(x, axis),
        "cross_entropy": loss(F.cross_entropy), "mse_loss": loss(F.mse_loss),
        "huber_loss": loss(F.huber_loss),
        "binary_cross_entropy_with_logits": loss(F.binary_cross_entropy_with_logits),
    }  # fmt: skip


#: Inputs that are floats and yet have no gradient here.
CONSTANT = {"binary_cross_entropy_with_logits": {1}}


def recorded(torch):
    """The index, and all numbers in one row."""
    functions = oracles(torch)
    random = np.random.default_rng(21)
    numbers, index = [], []

    def kept(array):
        array = np.asarray(array)
        start = sum(a.size for a in numbers)
        numbers.append(array.astype(np.float64).ravel())
        return [start, list(array.shape), array.dtype.kind]

    for op, label, inputs, statics in all_cases():
        tensors = [torch.tensor(np.asarray(x)) for x in inputs]
        wanted = [
            k for k, t in enumerate(tensors)
            if t.is_floating_point() and k not in CONSTANT.get(op, ())
        ]  # fmt: skip
        for k in wanted:
            tensors[k].requires_grad_()
        out = functions[op](*tensors, **statics)
        g = np.round(random.uniform(0.5, 1.5, out.shape) * random.choice([-1, 1], out.shape), 2)
        gradients = torch.autograd.grad(out, [tensors[k] for k in wanted], torch.tensor(g))
        index.append(
            {"op": op, "label": label, "inputs": [kept(x) for x in inputs], "statics": statics,
             "output": kept(out.detach().numpy()), "g": kept(g),
             "gradients": [kept(d.numpy()) for d in gradients]}
        )  # fmt: skip
    return {"oracle": f"PyTorch {torch.__version__.partition('+')[0]}, float64", "cases": index}, (
        np.concatenate(numbers)
    )


def main():
    import torch

    index, numbers = recorded(torch)
    np.savez_compressed(PATH, index=np.array(json.dumps(index)), numbers=numbers)
    print(f"{len(index['cases'])} cases of {len({c['op'] for c in index['cases']})} operations, "
          f"{PATH.stat().st_size} bytes")  # fmt: skip


if __name__ == "__main__":
    main()
