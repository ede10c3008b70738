"""The input's gradient of strided and dilated correlations against a loop over taps."""

import numpy as np
import pytest

import autograd as ag

CASES = [  # stride, padding, dilation, kernel, size
    (2, 1, 1, 3, 12),
    (2, 0, 1, 3, 13),
    (2, 2, 1, 5, 11),
    (3, 0, 2, 4, 20),
    (3, 1, 1, 3, 10),
    (3, 1, 1, 2, 10),  # one residue has no tap
    (2, 2, 2, 3, 12),
    (4, 1, 2, 3, 15),
    (3, 2, 2, 3, 14),
]


def by_taps(y, w, size, stride, padding, dilation):
    """Every tap spreads y over the places that it was multiplied with."""
    kernel = w.shape[2]
    padded = np.zeros((len(y), w.shape[1], size + 2 * padding, size + 2 * padding))
    reach = (y.shape[2] - 1) * stride + 1
    for i in range(kernel):
        for j in range(kernel):
            rows, columns = (slice(k * dilation, k * dilation + reach, stride) for k in (i, j))
            padded[:, :, rows, columns] += np.einsum("nohw,oc->nchw", y, w[:, :, i, j])
    return padded[:, :, padding : padding + size, padding : padding + size]


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("channels", [3, 32])
def test_the_gradient_of_the_input_is_the_sum_over_taps(case, channels):
    stride, padding, dilation, kernel, size = case
    rng = np.random.default_rng(0)
    x = ag.tensor(rng.normal(size=(8, channels, size, size)), requires_grad=True)
    w = rng.normal(size=(channels, channels, kernel, kernel))
    y = ag.correlate(x, w, stride=stride, padding=padding, dilation=dilation)
    g = rng.normal(size=y.shape)
    y.backward(g)
    expected = by_taps(g, w, size, stride, padding, dilation)
    np.testing.assert_allclose(x.grad.data, expected, rtol=1e-9, atol=1e-10)
