"""What a tensor is and what it can become, in PyTorch's spelling: dtypes, sizes, questions."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd import arguments
from autograd.arguments.dtypes import check_dtype, current_default
from autograd.core.tensor import Tensor
from autograd.ops.elementwise import astype, positive
from autograd.spelling.devices import CPU, DTYPES, check_device, device
from autograd.spelling.operands import operands

# dtypes -------------------------------------------------------------------------------------------


def _as(x: Any, dtype: Any, copy: bool = False) -> Any:
    """x itself where it has the dtype already."""
    if x.dtype == dtype:
        return positive(x) if copy else x
    return astype(x, dtype)


def to(
    x: Any, *given: Any, dtype: Any = None, device: Any = None, copy: bool = False,
    non_blocking: bool = False, memory_format: Any = None,
) -> Any:  # fmt: skip
    """x in another dtype: ``x.to(autograd.float64)``, ``x.to("cpu")``, ``x.to(other)``.

    Raises:
        RuntimeError: for another device than the CPU.
        TypeError: for what is neither a dtype nor a device.
    """
    for each in given:
        if isinstance(each, bool):  # non_blocking, copy
            continue
        if _is_device(each):
            check_device("to", each)
        elif each is not None:
            if dtype is not None:
                raise TypeError("to: a dtype was given twice")
            dtype = each.dtype if isinstance(each, Tensor) else each
    check_device("to", device)
    wanted = x.dtype if dtype is None else check_dtype("to", _dtype_of(dtype))
    return _as(x, wanted, arguments.boolean("to", "copy", copy))


def _dtype_of(value: Any) -> Any:
    """That of a tensor or an array; a dtype as it is."""
    if isinstance(value, type):  # of np.float64 the attribute dtype is something else
        return value
    return getattr(value, "dtype", value)


def _is_device(value: Any) -> bool:
    if isinstance(value, device) or (isinstance(value, int) and not isinstance(value, bool)):
        return True
    if not isinstance(value, str):
        return False
    return value.partition(":")[0] in ("cpu", "cuda", "mps", "xpu", "meta", "hip", "mtia")


def cpu(x: Any) -> Any:
    """x itself: it is there already."""
    return x


def cuda(x: Any, *args: Any, **options: Any) -> Any:
    """Refused: there is no GPU here."""
    raise RuntimeError("cuda: there is no GPU here, all tensors live in the CPU's memory; "
                       "leave .cuda() out")  # fmt: skip


def _converter(word: str) -> Any:
    dtype = DTYPES[word]

    def convert(x: Any) -> Any:
        return _as(x, dtype)

    convert.__name__ = convert.__qualname__ = word
    convert.__doc__ = f"``x.astype(np.{dtype.name})``; x itself where it has that dtype."
    return convert


to_float = _converter("float")
to_double = _converter("double")
to_half = _converter("half")
to_long = _converter("long")
to_int = _converter("int")
to_short = _converter("short")
to_bool = _converter("bool")
to_byte = _converter("byte")
to_char = _converter("char")


def type_as(x: Any, other: Any) -> Any:
    """``x.astype(other.dtype)``."""
    return _as(x, other.dtype)


def type_of(x: Any, dtype: Any = None) -> Any:
    """``x.astype(dtype)``; without one, PyTorch's name of the type."""
    if dtype is not None:
        if isinstance(dtype, str):
            dtype = dtype.rpartition(".")[2].removesuffix("Tensor").lower()
            dtype = DTYPES.get(dtype, dtype)
        return _as(x, check_dtype("type", _dtype_of(dtype)))
    words = {"float16": "Half", "float32": "Float", "float64": "Double", "int64": "Long",
             "int32": "Int", "int16": "Short", "int8": "Char", "uint8": "Byte", "bool": "Bool"}  # fmt: skip
    return f"torch.{words.get(x.dtype.name, x.dtype.name)}Tensor"


# Questions ----------------------------------------------------------------------------------------


@operands("x")
def numel(x: Any) -> int:
    """``x.size``: the number of elements."""
    return int(np.prod(x.shape, dtype=np.int64))


def dim(x: Any) -> int:
    """``x.ndim``."""
    return len(x.shape)


def element_size(x: Any) -> int:
    """``x.itemsize``."""
    return x.itemsize  # type: ignore[no-any-return]


def stride(x: Any, dim: Any = None) -> Any:
    """``x.strides`` counted in elements, not bytes."""
    steps = tuple([s // x.itemsize for s in x.strides])
    return steps if dim is None else steps[arguments.axis("stride", dim, len(steps), "dim")]


def contiguous(x: Any, memory_format: Any = None) -> Any:
    """x itself: ``view`` works on any layout here."""
    return x


def is_contiguous(x: Any, memory_format: Any = None) -> bool:
    """True: no layout is in the way of ``view`` here."""
    return True


def is_floating_point(x: Any) -> bool:
    """True for floats."""
    return np.dtype(_dtype_of(x)).kind == "f"


def is_complex(x: Any) -> bool:
    """False: tensors are real."""
    return False


def is_tensor(obj: Any) -> bool:
    """``isinstance(obj, autograd.Tensor)``."""
    return isinstance(obj, Tensor)


def is_nonzero(x: Any) -> bool:
    """``bool(x)`` of one element."""
    return bool(x)


def get_device(x: Any) -> int:
    """−1: there is no GPU here."""
    return -1


def itself(x: Any, *args: Any, **options: Any) -> Any:
    """x itself: nothing of the kind is needed here."""
    return x


def _where(x: Any) -> Any:
    """The CPU."""
    return CPU


def _no(x: Any) -> bool:
    """False: there is no GPU here, and no other layout than NumPy's."""
    return False


def _made_by(x: Any) -> Any:
    """``x.grad_node``: the graph's node that made it; None for leaves."""
    return x.grad_node


device_of = property(_where)
on_gpu = property(_no)
grad_fn = property(_made_by)
H = property(lambda x: x.mT, doc="``x.mT``: tensors are real.")


def Variable(data: Any, requires_grad: bool = False, volatile: bool = False) -> Any:
    """A leaf on the data's memory, as it was in PyTorch before tensors required gradients."""
    x = data.detach() if isinstance(data, Tensor) else Tensor(data)
    return x.requires_grad_() if requires_grad else x


def result_type(x: Any, other: Any) -> Any:
    """The dtype that an operation of both has: floats are not widened by integers, nor by numbers."""
    kinds = [_kind(v) for v in (x, other)]
    floats = [dtype for dtype in kinds if dtype is not None and dtype.kind == "f"]
    if floats:
        return np.result_type(*floats)
    if any(isinstance(v, float) for v in (x, other)):
        return current_default()
    return np.result_type(
        *[v if dtype is None else dtype for v, dtype in zip((x, other), kinds, strict=True)]
    )


def _kind(value: Any) -> Any:
    return value.dtype if hasattr(value, "dtype") else None


def promote_types(type1: Any, type2: Any) -> Any:
    """The dtype that tensors of these two have together: that of the floats, where one is."""
    kinds = [check_dtype("promote_types", t) for t in (type1, type2)]
    floats = [t for t in kinds if t.kind == "f"]
    return np.result_type(*(floats or kinds))


def can_cast(from_: Any, to: Any) -> bool:
    """True if no kind of number is lost: floats cannot become integers, nor integers bools."""
    order = "biuf"
    kinds = [order.index(check_dtype("can_cast", t).kind.replace("u", "i")) for t in (from_, to)]
    return kinds[0] <= kinds[1]
