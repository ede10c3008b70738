"""Models in the styles that people come with: the same numbers as PyTorch, to every derivative."""

import numpy as np
import pytest

import autograd
import nn

pytestmark = pytest.mark.torch


def styles():
    try:
        from tests.nn.interop.styles import every
    except ImportError:
        return ["PyTorch is missing"]
    return list(every())


@pytest.mark.parametrize("style", styles())
def test_a_converted_model_computes_what_pytorch_computes(torch, style):
    from tests.nn.interop.agreement import NO_SECOND, agreement

    found = agreement(style)
    assert found.names
    for training in (True, False):
        compared = found.comparisons[training]
        assert compared.ok, compared.text()
        assert compared.first is None, compared.text()
        assert found.products[training] <= (1e-6 if style in NO_SECOND else 1e-10), training


def test_the_table_in_the_documentation_is_fresh(torch):
    from tests.nn.interop import table

    assert table.FILE.read_text(encoding="utf-8") == table.written(), (
        "stale; run python -m tests.nn.interop.table"
    )


#: What moves when a model runs in training.
@pytest.mark.parametrize(
    "style", ["ResNet", "spectral norm", "writes in place", "writes through views"]
)
def test_buffers_move_as_in_pytorch(torch, style):
    from tests.nn.interop.styles import every

    module, args, kwargs = every()[style]()
    model = nn.from_torch(module, *args, **kwargs)
    before = {key: value.clone() for key, value in module.state_dict().items()}
    moved = 0
    for _ in range(2):
        module(*_copies(torch, args), **kwargs)
        model(*_ours(torch, args), **kwargs)
    for key, value in module.state_dict().items():
        np.testing.assert_allclose(
            model.state_dict()[key].data, value.numpy(), rtol=1e-12, atol=1e-14, err_msg=key
        )
        moved += not torch.equal(before[key], value)
    assert moved


def _copies(torch, tree):
    from torch.utils import _pytree as pytree

    return pytree.tree_map(lambda leaf: leaf.clone() if torch.is_tensor(leaf) else leaf, tree)


def _ours(torch, tree):
    from torch.utils import _pytree as pytree

    return pytree.tree_map(
        lambda leaf: autograd.tensor(leaf.numpy()) if torch.is_tensor(leaf) else leaf, tree
    )


@pytest.mark.parametrize(
    "style", ["ResNet", "ViT", "LSTM tagger", "Swin window attention", "UNet, bilinear"]
)
def test_another_batch_size_gives_what_pytorch_gives(torch, style):
    from tests.nn.interop.styles import every

    module, (x,), _ = every()[style]()
    module.eval()
    model = nn.from_torch(module, x)
    for size in (1, 5):
        more = torch.cat([x] * size)[:size]
        wanted = module(more).detach().numpy()
        np.testing.assert_allclose(
            model(autograd.tensor(more.numpy())).data, wanted, rtol=1e-10, atol=1e-12
        )


def test_a_batch_of_one_is_no_fixed_size(torch):
    from tests.nn.interop.styles import every

    module, (x,), _ = every()["ResNet"]()
    module.eval()
    model = nn.from_torch(module, x[:1])
    assert not model.notes
    np.testing.assert_allclose(
        model(autograd.tensor(x.numpy())).data, module(x).detach().numpy(), rtol=1e-10
    )
