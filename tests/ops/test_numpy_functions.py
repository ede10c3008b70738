"""NumPy's functions, called on tensors as users call them, give tensors with NumPy's values."""

import numpy as np
import pytest

import autograd as ag

X = np.random.default_rng(0).normal(size=(3, 4))

CALLS = {
    "sum": lambda a: np.sum(a, 0),
    "sum dtype": lambda a: np.sum(a, axis=0, dtype=np.float32),
    "sum a": lambda a: np.sum(a=a, axis=1, out=None),
    "mean": lambda a: np.mean(a, axis=1, keepdims=True),
    "var": lambda a: np.var(a, axis=0, ddof=1),
    "std": lambda a: np.std(a, axis=0, correction=1),
    "clip": lambda a: np.clip(a, a_min=-0.5, a_max=None),
    "clip positional": lambda a: np.clip(a, -0.5, 0.5),
    "copy": np.copy,
    "cumsum": lambda a: np.cumsum(a, axis=1),
    "diff": lambda a: np.diff(a, axis=0),
    "sort": lambda a: np.sort(a, axis=0),
    "median": lambda a: np.median(a, axis=0),
    "quantile": lambda a: np.quantile(a, 0.3, axis=1),
    "concatenate": lambda a: np.concatenate([a, a], axis=1),
    "concat": lambda a: np.concat([a, a]),
    "stack": lambda a: np.stack([a, a]),
    "split": lambda a: np.split(a, 2, axis=1)[0],
    "tile": lambda a: np.tile(a, (2, 1)),
    "repeat": lambda a: np.repeat(a, 2, axis=0),
    "roll": lambda a: np.roll(a, 1),
    "pad": lambda a: np.pad(a, ((1, 1), (0, 2)), mode="edge"),
    "einsum": lambda a: np.einsum("ij,kj", a, a),
    "tensordot": lambda a: np.tensordot(a, a, axes=([0], [0])),
    "dot": lambda a: np.dot(a, a.T),
    "where": lambda a: np.where(a > 0, a, 0),
    "moveaxis": lambda a: np.moveaxis(a, 0, 1),
    "take": lambda a: np.take(a, [0, 1], axis=1),
    "round": lambda a: np.round(a, 1),
    "nanmax": lambda a: np.nanmax(a, axis=0),
    "average": lambda a: np.average(a, weights=abs(X)),
    "norm": lambda a: np.linalg.norm(a, axis=1),
    "det": lambda a: np.linalg.det(a[:, :3]),
    "svd": lambda a: np.linalg.svd(a, full_matrices=False)[1],
    "hypot": lambda a: np.hypot(a, 2.0),
    "cbrt": np.cbrt,
    "degrees": np.degrees,
    "fmax": lambda a: np.fmax(a, 0.0),
    "matmul": lambda a: np.matmul(a, a.T),
    "einsum optimize": lambda a: np.einsum("ij,kj", a, a, optimize=True),
    "sort kind": lambda a: np.sort(a, axis=0, kind="stable"),
    "median overwrite": lambda a: np.median(a, axis=0, overwrite_input=False),
    "reshape order": lambda a: np.reshape(a, (4, 3), order="C"),
    "vstack casting": lambda a: np.vstack([a, a], casting="same_kind"),
    "nan_to_num copy": lambda a: np.nan_to_num(np.where(X > 0, a, np.nan), True, 0.5),
}


@pytest.mark.parametrize("name", CALLS)
def test_numpy_on_tensors(name):
    wanted = CALLS[name](X)
    got = CALLS[name](ag.tensor(X, requires_grad=True))
    assert isinstance(got, ag.Tensor)
    assert got.requires_grad
    assert got.dtype == wanted.dtype
    np.testing.assert_allclose(got.detach().numpy(), wanted, rtol=1e-6)


def test_where_with_a_condition_alone_gives_indices():
    rows, columns = np.where(ag.tensor(X) > 0)
    np.testing.assert_array_equal([rows, columns], np.where(X > 0))


def test_an_order_of_elements_that_would_matter_is_refused():
    with pytest.raises(TypeError, match=r"^np\.reshape on tensors: .*'order'"):
        np.reshape(ag.tensor(X), (4, 3), order="F")


def test_questions_about_values():
    t, near = ag.tensor(X, requires_grad=True), ag.tensor(X + 1e-6)
    assert np.allclose(t, near, rtol=ag.tensor(1e-3), atol=ag.tensor(1e-4))
    assert np.isclose(t, near, rtol=ag.tensor(0.0), atol=ag.tensor(0.0)).sum() == 0
    assert np.array_equal(t, t) and np.array_equiv(t, t[None])
    assert not np.isfortran(t) and np.isfortran(t.T)
    assert np.size(t, 1) == 4 and np.size(t) == 12
    if np.lib.NumpyVersion(np.__version__) >= "2.4.0":  # it takes several axes from then on
        assert np.size(t, (1, 0)) == 12
    assert np.isin(t, [X[0, 0]]).sum() == 1
    assert np.result_type(t, np.float32) == np.float64


def test_the_names_that_numpy_has_from_2_1_on():
    for name in ("sum", "prod"):
        theirs = getattr(np, f"cumulative_{name}", None)
        if theirs is not None:
            got = theirs(ag.tensor(X, requires_grad=True), axis=1, include_initial=True)
            assert isinstance(got, ag.Tensor)
            np.testing.assert_allclose(got.data, theirs(X, axis=1, include_initial=True))


@pytest.mark.parametrize("name", ["put", "fill_diagonal", "unique", "convolve"])
def test_what_has_no_counterpart_says_so(name):
    t = ag.tensor(X)
    with pytest.raises(TypeError, match=rf"np\.{name}"):
        getattr(np, name)(t, *([0, 1.0] if name == "put" else [0] if name != "unique" else []))
