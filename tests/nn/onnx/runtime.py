"""Running what was exported in onnxruntime, beside the model itself."""

import numpy as np

import autograd
import nn


def made(spec, random, rows):
    """A tensor of a shape with another number of rows; ``(range(n), *shape)`` holds integers."""
    kind, shape = ("normal", spec) if isinstance(spec[0], int) else (spec[0], spec[1:])
    shape = (rows, *shape[1:])
    if isinstance(kind, range):
        array = random.integers(0, len(kind), shape)
        array.flat[:2] = 0, 1
    elif kind == "probability":
        array = random.uniform(0.05, 0.95, shape).astype(np.float32)
    elif kind == "sign":
        array = random.choice(np.array([-1.0, 1.0], np.float32), shape)
    else:
        array = random.standard_normal(shape).astype(np.float32)
    return autograd.tensor(array)


def session(proto):
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(
        proto.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )


def run(running, example):
    """Outputs by name."""
    feeds = {
        i.name: np.ascontiguousarray(x.data)
        for i, x in zip(running.get_inputs(), example, strict=True)
    }
    names = [o.name for o in running.get_outputs()]
    return dict(zip(names, running.run(names, feeds), strict=True))


def named(result, name="output"):
    if isinstance(result, dict):
        return result
    if isinstance(result, (tuple, list)):
        parts = [named(v, f"{name}_{k}") for k, v in enumerate(result)]
        return {k: v for part in parts for k, v in part.items()}
    return {name: result}


def assert_agrees(found, ours, tolerance=1e-5):
    assert list(found) == list(ours)
    for name, value in ours.items():
        value = np.asarray(value.data)
        assert found[name].shape == value.shape, name
        assert found[name].dtype == value.dtype, name
        if value.dtype.kind == "f":
            np.testing.assert_allclose(
                found[name], value, rtol=tolerance, atol=tolerance, err_msg=name
            )
        else:
            np.testing.assert_array_equal(found[name], value, err_msg=name)


def assert_exports(model, specs, path, rows=(3, 6), **options):
    """The file gives what the model gives, for the batch of the example and for another one."""
    random = np.random.default_rng(7)
    first, other = ([made(spec, random, n) for spec in specs] for n in rows)
    proto = nn.onnx.export(model, tuple(first), path, **options)
    running = session(proto)
    for example in (first, other):
        with autograd.no_grad():
            ours = named(model(*example))
        assert_agrees(run(running, example), ours)
    return proto
