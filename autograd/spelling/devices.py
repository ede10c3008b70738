"""Devices and dtypes by PyTorch's names. There is one device, the CPU; a dtype is NumPy's."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autograd.arguments.dtypes import check_dtype, default_dtype
from autograd.arguments.numbers import shown

__all__ = [
    "CONSTANTS",
    "DTYPES",
    "check_device",
    "device",
    "get_default_dtype",
    "set_default_dtype",
]

#: PyTorch's names of dtypes. They are NumPy's objects: ``x.dtype == autograd.float32``.
DTYPES: dict[str, np.dtype[Any]] = {
    "float16": np.dtype(np.float16),
    "half": np.dtype(np.float16),
    "float32": np.dtype(np.float32),
    "float": np.dtype(np.float32),
    "float64": np.dtype(np.float64),
    "double": np.dtype(np.float64),
    "uint8": np.dtype(np.uint8),
    "int8": np.dtype(np.int8),
    "int16": np.dtype(np.int16),
    "short": np.dtype(np.int16),
    "int32": np.dtype(np.int32),
    "int": np.dtype(np.int32),
    "int64": np.dtype(np.int64),
    "long": np.dtype(np.int64),
    "bool": np.dtype(np.bool_),
    "byte": np.dtype(np.uint8),
    "char": np.dtype(np.int8),
}

#: What else ``torch`` has and NumPy has, too.
CONSTANTS: dict[str, Any] = {
    **DTYPES,
    "dtype": np.dtype,
    "e": math.e,
    "finfo": np.finfo,
    "iinfo": np.iinfo,
    "inf": math.inf,
    "nan": math.nan,
    "pi": math.pi,
    "Size": tuple,
}


class device:
    """Where a tensor lives: the CPU's memory, always.

    Args:
        name: ``"cpu"``, or another device.
        index: None, −1 or 0.

    Raises:
        RuntimeError: for any other device: there is no GPU here.

    Example:
        >>> import autograd as ag
        >>> ag.device("cpu"), ag.zeros(2).device == ag.device("cpu")
        (device(type='cpu'), True)
    """

    type = "cpu"
    index = None

    def __init__(self, name: Any = "cpu", index: Any = None) -> None:
        if isinstance(name, device) or name is None:
            return
        if not isinstance(name, str):
            raise TypeError(f"device: name must be a string such as 'cpu', got {shown(name)}")
        if name not in ("cpu", "cpu:0") or index not in (None, -1, 0):
            raise RuntimeError(
                f"device {name!r}: there is no GPU here, all tensors live in the CPU's memory; "
                "write 'cpu', or leave the device out"
            )

    def __repr__(self) -> str:
        return "device(type='cpu')"

    def __str__(self) -> str:
        return "cpu"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, device) or other == "cpu"

    def __hash__(self) -> int:
        return hash("cpu")


CPU = device()


def check_device(who: str, value: Any) -> None:
    """Refuse whatever is not the CPU.

    Raises:
        RuntimeError: for another device.
        TypeError: for what is no device.
    """
    if value is None or isinstance(value, device) or value == "cpu":
        return
    if isinstance(value, (bool, int)):
        value = f"cuda:{shown(value)}"
    if not isinstance(value, str):
        raise TypeError(f"{who}: device must be 'cpu' or a device, got {shown(value)}")
    device(value)


def get_default_dtype() -> np.dtype[Any]:
    """The dtype that Python's floats become: ``default_dtype().dtype``."""
    return default_dtype().dtype


def set_default_dtype(d: Any) -> None:
    """Have Python's floats become another dtype: ``default_dtype(d)``."""
    default_dtype(check_dtype("set_default_dtype", d.dtype if isinstance(d, default_dtype) else d))


class _NoGPU:
    """``autograd.cuda``: says that there is none, and takes what seeds or synchronises one."""

    def is_available(self) -> bool:
        """False: there is no GPU here."""
        return False

    is_initialized = is_bf16_supported = is_built = is_available

    def device_count(self) -> int:
        """0: there is no GPU here."""
        return 0

    def manual_seed(self, seed: int) -> None:
        """Nothing: ``autograd.manual_seed`` seeds the generator that there is."""

    manual_seed_all = manual_seed

    def empty_cache(self) -> None:
        """Nothing: ``autograd.empty_cache`` gives back the CPU's memory."""

    synchronize = empty_cache

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(
            f"cuda.{name}: there is no GPU here, all tensors live in the CPU's memory"
        )


class _Backends:
    """``autograd.backends``: switches of hardware that is not there; setting them does nothing."""

    class _Switches(_NoGPU):
        deterministic = benchmark = enabled = allow_tf32 = False

    def __init__(self) -> None:
        self.cudnn = self._Switches()
        self.cuda = self._Switches()
        self.cuda.matmul = self._Switches()  # type: ignore[attr-defined]
        self.mps = self._Switches()


cuda = _NoGPU()
backends = _Backends()
