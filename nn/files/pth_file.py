"""``.pth`` and ``.pt``: PyTorch's files, read without PyTorch and without executing anything.

Such a file is a pickle: a program that builds objects by calling functions, any functions. Here it
is not run. `_Machine` reads its instructions and knows the handful that state dicts need; where
the program asks for a function, `_CALLS` has the one meaning that is allowed, or it is refused by
name. Two containers exist: zip archives (PyTorch 1.6 and later), where each storage is a member,
and the older stream of pickles with all storages at the end.
"""

from __future__ import annotations

import io
import math
import pickletools
import zipfile
from collections import OrderedDict
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.lib.stride_tricks import as_strided

from autograd import Tensor
from nn.files.archive import Budget, members, read_member, refusing, tensor_from_bytes

__all__ = ["read_legacy", "read_zip"]

#: Element kinds by the names of PyTorch's storages, and of its dtypes.
_STORAGES = {
    "BFloat16Storage": "bf16", "BoolStorage": "?", "ByteStorage": "u1", "CharStorage": "i1",
    "DoubleStorage": "f8", "FloatStorage": "f4", "HalfStorage": "f2", "IntStorage": "i4",
    "LongStorage": "i8", "ShortStorage": "i2", "UntypedStorage": "u1",
}  # fmt: skip
_DTYPES = {
    "bfloat16": "bf16", "bool": "?", "float16": "f2", "float32": "f4", "float64": "f8",
    "int16": "i2", "int32": "i4", "int64": "i8", "int8": "i1", "uint16": "u2", "uint32": "u4",
    "uint64": "u8", "uint8": "u1",
}  # fmt: skip

_MAGIC, _PROTOCOL = 0x1950A86A20F9469CFC6C, 1001  # how a stream of the older kind begins


class _Global(NamedTuple):
    """A name that the pickle asks for."""

    module: str
    name: str

    def __str__(self) -> str:
        return f"{self.module}.{self.name}"


class _Storage(NamedTuple):
    """Elements as they lie in the file."""

    data: Any  # bytes, or None while only the structure is read
    kind: str
    order: str


def read_zip(path: str, budget: Budget) -> tuple[Any, dict[str, str]]:
    """What was saved by PyTorch 1.6 or later, with tensors of ours."""
    with refusing(path), zipfile.ZipFile(path) as archive:
        found = members(archive, path)
        (program,) = [name for name in found if name.rpartition("/")[2] == "data.pkl"]
        folder = program.removesuffix("data.pkl")
        order = "<"
        if f"{folder}byteorder" in found:
            written = read_member(archive, found[f"{folder}byteorder"], budget)
            order = {b"little": "<", b"big": ">"}[written]
        storages: dict[str, Any] = {}

        def storage(kind: str, key: str, numel: int) -> _Storage:
            if key not in storages:
                member = found.get(f"{folder}data/{key}")
                if member is None:
                    raise ValueError(f"the storage {key!r} is missing")
                storages[key] = read_member(archive, member, budget)
            return _Storage(storages[key], kind, order)

        machine = _Machine(
            io.BytesIO(read_member(archive, found[program], budget)), storage, budget
        )
        return _result(machine.run()), {}


def read_legacy(path: str, budget: Budget) -> tuple[Any, dict[str, str]]:
    """What was saved by PyTorch before 1.6."""
    with refusing(path), open(path, "rb") as opened:
        file = io.BytesIO(opened.read())

        def refuse(kind: str, key: str, numel: int) -> _Storage:
            raise ValueError("tensors where there should be none")

        if _Machine(file, refuse, budget).run() != _MAGIC:
            raise ValueError("it is a pickle, but not one that PyTorch has written")
        if _Machine(file, refuse, budget).run() != _PROTOCOL:
            raise ValueError("it is in an unknown version of PyTorch's format")
        system = _Machine(file, refuse, budget).run()
        order = "<" if system["little_endian"] else ">"
        start = file.tell()
        kinds: dict[str, tuple[str, int]] = {}

        def note(kind: str, key: str, numel: int) -> _Storage:
            if kinds.setdefault(key, (kind, numel)) != (kind, numel):
                raise ValueError(f"the storage {key!r} is of two kinds")
            return _Storage(None, kind, order)

        _Machine(file, note, budget).run()  # once for what is stored at the end of the file
        data = {}
        for key in _Machine(file, refuse, budget).run():
            kind, _ = kinds[key]
            numel = int.from_bytes(file.read(8), "little" if order == "<" else "big")
            data[key] = file.read(numel * _itemsize(kind))
        file.seek(start)
        return _result(
            _Machine(file, lambda k, key, n: _Storage(data[key], k, order), budget).run()
        ), {}


def _result(value: Any) -> Any:
    if not isinstance(value, (dict, list, tuple, Tensor)):
        raise ValueError(f"it holds {value!r}, no tensors")
    return value


def _itemsize(kind: str) -> int:
    return 2 if kind == "bf16" else np.dtype(kind).itemsize


# What a pickle may ask for ------------------------------------------------------------------------


def _tensor(budget: Budget, storage: Any, offset: Any, size: Any, stride: Any) -> Any:
    """A view of a storage, as a tensor in memory of its own."""
    if not isinstance(storage, _Storage):
        raise ValueError("a tensor without a storage")
    numbers = (offset, *size, *stride)
    if len(size) != len(stride) or any(type(n) is not int or n < 0 for n in numbers):
        raise ValueError(f"a tensor of size {size}, stride {stride}, offset {offset}")
    if len(size) > 64:
        raise ValueError(f"a tensor of {len(size)} axes")
    if storage.data is None:
        return None
    itemsize = _itemsize(storage.kind)
    count = math.prod(size)
    last = offset + sum((n - 1) * s for n, s in zip(size, stride, strict=True)) if count else -1
    if (last + 1) * itemsize > len(storage.data):
        raise ValueError(f"a tensor of size {size} reaches beyond its storage")
    budget.spend(count * itemsize, f"a tensor of size {size}")
    kind = "u2" if storage.kind == "bf16" else storage.kind
    elements = np.frombuffer(storage.data, kind, len(storage.data) // itemsize)
    steps = [s * itemsize for s in stride]
    view = as_strided(elements[offset if count else 0 :], size, steps, writeable=False)
    return tensor_from_bytes(
        np.ascontiguousarray(view).data, storage.kind, tuple(size), storage.order
    )


def _plain_tensor(
    budget: Budget, storage: Any, offset: Any, size: Any, stride: Any, *rest: Any
) -> Any:
    return _tensor(budget, storage, offset, size, stride)


def _tensor_of_dtype(
    budget: Budget, storage: Any, offset: Any, size: Any, stride: Any,
    requires_grad: Any, hooks: Any, dtype: Any, *rest: Any,
) -> Any:  # fmt: skip
    if not isinstance(dtype, _Global) or dtype.name not in _DTYPES:
        raise ValueError(f"a tensor of dtype {dtype}, which tensors here lack")
    return _tensor(budget, storage._replace(kind=_DTYPES[dtype.name]), offset, size, stride)


def _ordered(budget: Budget, pairs: Any = ()) -> OrderedDict[Any, Any]:
    result: OrderedDict[Any, Any] = OrderedDict()
    for key, value in pairs:
        _set(result, key, value)
    return result


#: Functions that a pickle may call, and what they mean here.
_CALLS: dict[_Global, Callable[..., Any]] = {
    _Global("collections", "OrderedDict"): _ordered,
    _Global("torch", "Size"): lambda budget, size: tuple(size),
    _Global("torch", "device"): lambda budget, *where: ":".join(map(str, where)),
    _Global("torch._utils", "_rebuild_parameter"): lambda budget, data, *rest: data,
    _Global("torch._utils", "_rebuild_parameter_with_state"): lambda budget, data, *rest: data,
    _Global("torch._utils", "_rebuild_tensor"): _plain_tensor,
    _Global("torch._utils", "_rebuild_tensor_v2"): _plain_tensor,
    _Global("torch._utils", "_rebuild_tensor_v3"): _tensor_of_dtype,
}

#: Names that are handed about but not called.
_NAMES = {
    *(_Global("torch", name) for name in (*_STORAGES, *_DTYPES)),
    _Global("torch.storage", "UntypedStorage"),
}


def _set(target: dict[Any, Any], key: Any, value: Any) -> None:
    if type(key) not in (str, int, bool, float, type(None)):
        raise ValueError(f"a dict has a key of type {type(key).__name__}")
    target[key] = value


# The machine --------------------------------------------------------------------------------------

_CONSTANTS = {
    "NONE": None, "NEWTRUE": True, "NEWFALSE": False, "EMPTY_TUPLE": (),
}  # fmt: skip
_LITERALS = frozenset(
    "BININT BININT1 BININT2 BINFLOAT BINUNICODE SHORT_BINUNICODE BINUNICODE8 BINSTRING "
    "SHORT_BINSTRING".split()
)
_LONGS = frozenset(["LONG1", "LONG4"])
_TUPLES = {"TUPLE1": 1, "TUPLE2": 2, "TUPLE3": 3}


class _Machine:
    """Reads one pickle from a file and builds what it describes.

    Args:
        file: stands at its beginning, and afterwards behind its end.
        storage: gives the elements for (kind, key, number of elements).
    """

    def __init__(
        self, file: io.BytesIO, storage: Callable[[str, str, int], _Storage], budget: Budget
    ) -> None:
        self._file = file
        self._storage = storage
        self._budget = budget
        self._stack: list[Any] = []
        self._marks: list[int] = []
        self._memo: dict[int, Any] = {}

    def run(self) -> Any:
        """The object that the pickle describes."""
        for opcode, argument, _ in pickletools.genops(self._file):
            name = opcode.name
            if name == "STOP":
                return self._stack.pop()
            self._do(name, argument)
        raise ValueError("the pickle does not end")

    def _do(self, name: str, argument: Any) -> None:
        stack = self._stack
        if name in _LITERALS:
            stack.append(argument)
        elif name in _CONSTANTS:
            stack.append(_CONSTANTS[name])
        elif name in _LONGS:
            if argument.bit_length() > 80:  # as many as PyTorch's own magic number has
                raise ValueError("an integer of more than 80 bits")
            stack.append(argument)
        elif name in ("BINPUT", "LONG_BINPUT"):
            self._memo[argument] = stack[-1]
        elif name == "MEMOIZE":
            self._memo[len(self._memo)] = stack[-1]
        elif name in ("BINGET", "LONG_BINGET"):
            stack.append(self._memo[argument])
        elif name == "MARK":
            self._marks.append(len(stack))
        elif name in ("PROTO", "FRAME"):
            pass
        else:
            self._build(name, argument)

    def _build(self, name: str, argument: Any) -> None:
        """The instructions that make containers, and those that ask for names and calls."""
        stack = self._stack
        if name == "EMPTY_DICT":
            stack.append({})
        elif name == "EMPTY_LIST":
            stack.append([])
        elif name in _TUPLES:
            stack.append(tuple(self._pop(_TUPLES[name])))
        elif name == "TUPLE":
            stack.append(tuple(self._since_mark()))
        elif name in ("APPEND", "APPENDS"):
            values = self._pop(1) if name == "APPEND" else self._since_mark()
            self._top(list).extend(values)
        elif name in ("SETITEM", "SETITEMS"):
            values = self._pop(2) if name == "SETITEM" else self._since_mark()
            target = self._top(dict)
            for key, value in zip(values[::2], values[1::2], strict=True):
                _set(target, key, value)
        elif name == "GLOBAL":
            stack.append(_allowed(*argument.split(" ")))
        elif name == "STACK_GLOBAL":
            stack.append(_allowed(*self._pop(2)))
        elif name == "REDUCE":
            function, arguments = self._pop(2)
            if function not in _CALLS or type(arguments) is not tuple:
                raise ValueError(f"it calls {function}, which is no function that makes tensors")
            stack.append(_CALLS[function](self._budget, *arguments))
        elif name == "BINPERSID":
            stack.append(self._stored(*self._pop(1)))
        elif name == "BUILD":  # the only state met with: versions of modules on a state dict
            self._pop(1)
            self._top(OrderedDict)
        else:
            raise ValueError(f"its pickle has the instruction {name}, which no state dict needs")

    def _stored(self, reference: Any) -> _Storage:
        word, kind, key, _place, numel, *rest = reference
        if word != "storage" or not isinstance(kind, _Global) or kind.name not in _STORAGES:
            raise ValueError(f"it refers to {word!r} of {kind}")
        if not isinstance(key, str) or type(numel) is not int:
            raise ValueError(f"it refers to the storage {key!r}")
        if rest not in ([], [None]):
            raise ValueError("views of storages, as PyTorch wrote them before 0.4, are not read")
        return self._storage(_STORAGES[kind.name], key, numel)

    def _pop(self, count: int) -> list[Any]:
        if len(self._stack) < count:
            raise ValueError("its pickle takes more than it has")
        values = self._stack[-count:]
        del self._stack[-count:]
        return values

    def _since_mark(self) -> list[Any]:
        at = self._marks.pop()
        values = self._stack[at:]
        del self._stack[at:]
        return values

    def _top(self, kind: type) -> Any:
        if not isinstance(self._stack[-1], kind):
            raise ValueError(f"its pickle fills a {type(self._stack[-1]).__name__}")
        return self._stack[-1]


def _allowed(module: Any, name: Any) -> _Global:
    found = _Global(module, name)
    if found not in _CALLS and found not in _NAMES:
        raise ValueError(
            f"it holds {found}, not only tensors; save model.state_dict() instead of objects"
        )
    return found
