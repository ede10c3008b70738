"""Reads a program written for PyTorch, and notes for every use of it what it comes to here.

Nothing of the program runs: it is parsed, its imports are followed by name, and every name is
looked up in the packages that are there.
"""

from __future__ import annotations

import ast
import inspect
import sys
from collections.abc import Iterator
from typing import Any, NamedTuple

import autograd
from autograd.spelling import DIFFERENCES
from nn.port.edits import Edit, Source
from nn.port.imports import Imports
from nn.port.names import find
from nn.port.table import CALLS, MODULE_METHODS
from nn.port.tensors import Tensors
from nn.port.torch_names import MODULE, TENSOR

__all__ = ["DIFFERS", "HAND", "WORKS", "WRITE", "Finding", "Scan"]

#: Kinds of findings: fine as it is; to be written otherwise; for a person to decide; silently
#: another thing.
WORKS, WRITE, HAND, DIFFERS = "works", "write", "hand", "differs"

#: Methods that parameters have for `nn.init`, and what does it.
_FILL = {"normal_": "normal_", "uniform_": "uniform_", "fill_": "constant_", "zero_": "zeros_"}
#: Calls about GPUs, and what they come to.
_ABOUT_GPUS = {"torch.cuda.is_available": "False", "torch.cuda.device_count": "0",
               "torch.backends.mps.is_available": "False"}  # fmt: skip
#: Arguments that are about how fast something is computed, or on which device: never about what.
_ABOUT_SPEED = {"foreach", "fused", "capturable", "pin_memory", "pin_memory_device",
                "persistent_workers", "multiprocessing_context", "in_order"}  # fmt: skip
#: Functions that take the function here, and the tensor in a second call.
_IN_TWO_CALLS = {"torch.autograd.functional.jacobian", "torch.autograd.functional.hessian"}
#: Names of what several results are called together, as in ``x.max(dim=1).values``.
_PARTS = set("values indices eigenvalues eigenvectors Q R U S Vh sign logabsdet solution "
             "counts".split())  # fmt: skip
#: What parameters and their gradients are usually called.
_PARAMETERS = ("weight", "bias", "grad", "p", "param", "parameter")
#: Names that other things than tensors have, too; without knowing the receiver nothing is said.
_COMMON = {
    name
    for kind in (str, bytes, list, dict, set, tuple, int, float, object)
    for name in dir(kind)
    if not name.startswith("_")
} | {"data", "grad", "device", "dtype", "shape", "size", "T", "name", "names", "to", "type"}


class Finding(NamedTuple):
    """One use of PyTorch.

    Attributes:
        line: where it begins, counted from 1.
        kind: one of `WORKS`, `WRITE`, `HAND`, `DIFFERS`.
        what: the spelling.
        words: what it comes to, in a sentence.
        edits: what ``--write`` does about it; empty where that is left to a person.
    """

    line: int
    kind: str
    what: str
    words: str
    edits: tuple[Edit, ...] = ()


class Scan:
    """All findings of one program.

    Args:
        text: the program.
        name: of its file, for errors.

    Raises:
        SyntaxError: if it is not Python.
    """

    def __init__(self, text: str, name: str = "<source>") -> None:
        self.source = Source(text, name)
        self.findings: list[Finding] = []
        self._parents: dict[ast.AST, Any] = {
            child: node
            for node in ast.walk(self.source.tree)
            for child in ast.iter_child_nodes(node)
        }
        self.imports = Imports(self.source)
        self._tensors = Tensors(self.source.tree, self.imports.resolve)
        self._own = {
            node.name
            for node in ast.walk(self.source.tree)
            if isinstance(node, (ast.FunctionDef, ast.ClassDef))
        }
        self._default = self._default_dtype()
        self._done: set[ast.AST] = set()
        self._told: set[ast.AST] = set()  # what a finding speaks of already
        self.quiet: list[Edit] = []  # edits that go with another finding
        if not self.imports.found:
            return
        for node in ast.walk(self.source.tree):
            self._look(node)
        self.findings += self._of_imports()
        self.findings.sort(key=lambda f: (f.line, f.what))

    # What is noted ---------------------------------------------------------------------------

    def _note(self, node: ast.AST, kind: str, what: str, words: str, *edits: Edit) -> None:
        if kind == WORKS and node in self._told:
            self.quiet += edits
            return
        if edits and self._has_no_place(node):
            kind, edits = HAND if kind == WRITE else kind, ()
        self.findings.append(Finding(node.lineno, kind, what, words, edits))  # type: ignore[attr-defined]

    def _default_dtype(self) -> str:
        """The dtype of ``torch.Tensor``: single precision, unless the program says otherwise."""
        doubles = {"torch.float64", "torch.double", "torch.DoubleTensor", "torch.cuda.DoubleTensor"}
        setters = {"torch.set_default_dtype", "torch.set_default_tensor_type"}
        for node in ast.walk(self.source.tree):
            if isinstance(node, ast.Call) and self.imports.resolve(node.func) in setters:
                given = [*node.args, *(k.value for k in node.keywords)]
                if any(self.imports.resolve(each) in doubles for each in given):
                    return "float64"
        return "float32"

    def _has_no_place(self, node: ast.AST) -> bool:
        """True inside f-strings before Python 3.12, whose parser does not say where they stand."""
        above: ast.AST | None = node if sys.version_info < (3, 12) else None
        while above is not None and not isinstance(above, ast.JoinedStr):
            above = self._parents.get(above)
        return above is not None

    def _of_imports(self) -> Iterator[Finding]:
        for rewritten in self.imports.rewritten():
            yield Finding(rewritten.line, rewritten.kind, rewritten.what, rewritten.words,
                          rewritten.edits)  # fmt: skip

    def _look(self, node: ast.AST) -> None:
        if isinstance(node, ast.Call):
            self._call(node)
        if isinstance(node, ast.For):
            self._loop(node)
        if isinstance(node, (ast.Attribute, ast.Name)) and node not in self._done:
            path = self.imports.resolve(node)
            if path is not None:
                self._reference(node, path)
            elif isinstance(node, ast.Attribute):
                self._attribute(node)

    def _loop(self, loop: ast.For) -> None:
        """``for k, v in model.state_dict().items(): v.mul_(2)``, which writes into copies here."""
        asked = loop.iter.func if isinstance(loop.iter, ast.Call) else None
        if not isinstance(asked, ast.Attribute) or asked.attr not in ("items", "values"):
            return
        call = asked.value
        if not isinstance(call, ast.Call) or getattr(call.func, "attr", "") != "state_dict":
            return
        names = {n.id for n in ast.walk(loop.target) if isinstance(n, ast.Name)}
        for node in (n for each in loop.body for n in ast.walk(each)):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                written = node.func.value if node.func.attr[-1:] == "_" else None
            else:
                written = node.target if isinstance(node, ast.AugAssign) else None
            if getattr(written, "id", None) in names:
                self._note(node, HAND, " ".join(self.source.of(node).split()),
                           "state_dict() gives copies here, which nobody sees: write into "
                           "named_parameters() and named_buffers(), or give load_state_dict() "
                           "a dictionary of the new values")  # fmt: skip

    # Names of PyTorch's -----------------------------------------------------------------------

    def _reference(self, node: ast.expr, path: str) -> None:
        """A dotted name that begins at an import of PyTorch's."""
        inner: Any = node
        while isinstance(inner, ast.Attribute):
            inner = inner.value
            self._done.add(inner)
        if self.imports.is_module(path):
            return
        if self._on_the_cpu(node, path):
            return
        if path in _IN_TWO_CALLS and self._in_two_calls(node, path):
            return
        ours = find(path)
        edits = self.imports.renaming(node, ours.path)
        if ours.found is None:
            self._note(node, HAND, self.source.of(node), ours.instead)
        elif edits and self.imports.is_renamed(path, ours.path):
            self._note(node, WRITE, self.source.of(node), f"is {ours.path} here", *edits)
            self._keywords(node, ours.path, ours.found)
            if path == "torch.save":
                self._saved(node)
        else:
            self._note(node, WORKS, path.rpartition(".")[2], f"is {ours.path}", *edits)
            self._keywords(node, ours.path, ours.found)

    def _in_two_calls(self, node: ast.expr, path: str) -> bool:
        """``jacobian(f, x)`` of one tensor, which is ``jacobian(f)(x)`` here."""
        call = self._parents.get(node)
        if not (isinstance(call, ast.Call) and call.func is node) or call.keywords:
            return False
        if len(call.args) != 2 or call.args[1] not in self._tensors:
            return False
        name = f"autograd.func.{path.rpartition('.')[2]}"
        function, x = map(self.source.of, call.args)
        between = (self.source.end(call.args[0]), self.source.start(call.args[1]))
        if self.source.bytes[slice(*between)].strip() != b",":  # there are brackets, or a comment
            return False
        end = self.source.end(call)
        self.imports.need("autograd")
        self._note(node, WRITE, self.source.of(node), f"write {name}({function})({x}).detach()",
                   Edit(self.source.start(node), self.source.end(node), name),
                   Edit(*between, ")("), Edit(end, end, ".detach()"))  # fmt: skip
        return True

    def _on_the_cpu(self, node: ast.expr, path: str) -> bool:
        """What asks about GPUs, or sets them up, is left out."""
        call = self._parents.get(node)
        statement = self._parents.get(call) if call is not None else None
        value = _ABOUT_GPUS.get(path)
        if value is not None and isinstance(call, ast.Call) and call.func is node:
            edit = Edit(self.source.start(call), self.source.end(call), value)
            self._note(node, WRITE, self.source.of(call), f"is {value}: there is no GPU", edit)
            return True
        if not path.startswith(("torch.cuda.", "torch.backends.")):
            return False
        statement = call if isinstance(call, ast.Assign) and node in call.targets else statement
        if isinstance(statement, (ast.Expr, ast.Assign)):
            edit = Edit(self.source.start(statement), self.source.end(statement), "pass")
            self._note(node, WRITE, self.source.of(statement), "is left out: there is no GPU", edit)
            return True
        return False

    def _keywords(self, node: ast.expr, path: str, found: Any) -> None:
        """Arguments by name that ours does not have."""
        call = self._parents.get(node)
        if not (isinstance(call, ast.Call) and call.func is node):
            return
        if not path.startswith(("nn.", "autograd.func.gradcheck", "autograd.func.gradgradcheck")):
            return
        try:
            parameters = inspect.signature(found).parameters
        except (TypeError, ValueError):
            return
        if any(p.kind is p.VAR_KEYWORD for p in parameters.values()):
            return
        for keyword in call.keywords:
            if not keyword.arg or keyword.arg in parameters:
                continue
            left_out = self._left_out(keyword) if keyword.arg in _ABOUT_SPEED else ()
            if left_out:
                self._note(keyword.value, WRITE, f"{path}({keyword.arg}=…)",
                           "is left out: it changes no result", *left_out)  # fmt: skip
            else:
                taken = ", ".join(name for name in parameters if name != "self")
                self._note(keyword.value, HAND, f"{path}({keyword.arg}=…)",
                           f"there is no such argument here; it takes {taken}")  # fmt: skip

    def _left_out(self, keyword: ast.keyword) -> tuple[Edit, ...]:
        """The edit that takes an argument away with the comma before it, if that is next to it."""
        start = self.source.start(keyword)
        before = self.source.bytes[:start].rstrip()
        if not before.endswith(b","):
            return ()
        return (Edit(len(before) - 1, self.source.end(keyword), ""),)

    def _saved(self, node: ast.expr) -> None:
        """What ``torch.save`` is given and ``nn.save`` refuses: nested states, PyTorch's suffixes."""
        call = self._parents.get(node)
        if not (isinstance(call, ast.Call) and call.func is node):
            return
        given = {k.arg: k.value for k in call.keywords} | dict(
            zip(("obj", "f"), call.args, strict=False)
        )
        state, file = given.get("obj"), given.get("f")
        if isinstance(state, ast.Dict):
            words = "nn.save writes tensors by name; write nn.train.save_state(state, path), and load_state"
            self._note(state, HAND, "torch.save({…})", words)
        literals = [n.value for n in ast.walk(file) if isinstance(n, ast.Constant)] if file else []
        if any(isinstance(text, str) and text.endswith((".pt", ".pth")) for text in literals):
            words = "files of PyTorch's are only read here; end it with .safetensors or .npz"
            self._note(file, HAND, self.source.of(file), words)  # type: ignore[arg-type]

    # Calls that mean two things ---------------------------------------------------------------

    def _call(self, call: ast.Call) -> None:
        path = self.imports.resolve(call.func)
        if path is not None:
            name, skip = path.rpartition(".")[2], 1
            if path == "torch.Tensor":
                self._made(call)
            if path.rpartition(".")[0] not in ("torch", "torch.functional"):
                return
            known = True
        elif isinstance(call.func, ast.Attribute):
            name, skip = call.func.attr, 0
            owner = call.func.value
            if self.imports.is_other_module(owner) or name in self._own or _is_self(owner):
                return
            known = owner in self._tensors or self._is_pytorchs(call)
            if not known and name in self._tensors.layers:
                return  # m.norm(x), where norm is a layer
        else:
            return
        for spelling in CALLS:
            if spelling.name == name and spelling.sees(call, skip):
                if known or self._looks_like_a_tensors(call, name):
                    self._differs(call, spelling, skip, known)
                return

    def _is_pytorchs(self, call: ast.Call) -> bool:
        """``x.std(dim=0)`` or ``x.max(1).values``: NumPy has no such words."""
        parent = self._parents.get(call)
        pair = isinstance(parent, ast.Attribute) and parent.attr in ("values", "indices")
        return pair or any(k.arg in ("dim", "keepdim") for k in call.keywords)

    def _looks_like_a_tensors(self, call: ast.Call, name: str) -> bool:
        """Whether a call on something unknown is likely PyTorch's: not a list's, not a string's."""
        if name == "sort":
            return self._is_unpacked(call) or any(k.arg == "descending" for k in call.keywords)
        if name == "split":
            return bool(call.args) and (
                isinstance(call.args[0], (ast.List, ast.Tuple))
                or (isinstance(call.args[0], ast.Constant) and type(call.args[0].value) is int)
            )
        return True

    def _is_unpacked(self, call: ast.Call) -> bool:
        parent = self._parents.get(call)
        if isinstance(parent, ast.Assign):
            return isinstance(parent.targets[0], (ast.Tuple, ast.List))
        return isinstance(parent, ast.Subscript)

    def _differs(self, call: ast.Call, spelling: Any, skip: int, known: bool) -> None:
        difference = DIFFERENCES[spelling.difference]
        words = (
            f"here, as in NumPy: {difference.here}; in PyTorch: {difference.torch}; "
            f"write {difference.write_torch}"
        )
        edits = self._edit(call, spelling.edit, skip) if known else ()
        if not known and spelling.edit:
            words += " (left to you: it may be a NumPy array's)"
        self._told.add(call.func)
        if edits and spelling.edit.startswith("method"):
            self._done |= set(ast.walk(call.func))  # the name before the brackets goes
        self._note(call, DIFFERS, self._shown(call), words, *edits)

    def _shown(self, call: ast.Call) -> str:
        text = " ".join(self.source.of(call).split())
        return text if len(text) <= 60 else text[:59] + "…"

    def _edit(self, call: ast.Call, edit: str, skip: int) -> tuple[Edit, ...]:
        source, (what, *words) = self.source, edit.split() or [""]
        if any(isinstance(a, ast.Starred) for a in call.args) and what != "rename":
            return ()
        if what == "rename" and isinstance(call.func, ast.Attribute):
            return (Edit(*source.name_span(call.func), words[0]),)
        if what == "name":
            given = call.args[int(words[0]) + skip :]
            places = [source.start(argument) for argument in given]
            return tuple(
                Edit(place, place, f"{word}=")
                for place, word in zip(places, words[1:], strict=False)
            )
        if what == "method" and len(call.args) == 2 and not call.keywords:
            first, second = call.args
            between = source.bytes[source.end(first) : source.start(second)]
            tight = isinstance(first, (ast.Name, ast.Attribute, ast.Call, ast.Subscript))
            if between.strip() != b"," or source.open_bracket(call) != source.start(first):
                return ()  # there are brackets, or a comment
            before, behind = ("", "") if tight else ("(", ")")
            return (Edit(source.start(call), source.start(first), before),
                    Edit(source.end(first), source.start(second), f"{behind}.{words[0]}("))  # fmt: skip
        if what == "add":
            place = source.last_argument(call)
            comma = ", " if call.args or call.keywords else ""
            return (Edit(place, place, comma + words[0]),)
        return ()

    def _made(self, call: ast.Call) -> None:
        """``torch.Tensor(3)``: a size for PyTorch, a number here."""
        sizes = all(isinstance(a, ast.Constant) and type(a.value) is int for a in call.args)
        if len(call.args) != 1:
            return  # several numbers can only be sizes
        key = "Tensor" if sizes else "Tensor of integers"
        if key == "Tensor of integers" and isinstance(call.args[0], (ast.List, ast.Tuple)):
            numbers = [n.value for n in ast.walk(call.args[0]) if isinstance(n, ast.Constant)]
            if any(isinstance(value, float) for value in numbers):
                return
        difference = DIFFERENCES[key]
        words = (
            f"here: {difference.here}; in PyTorch: {difference.torch}; "
            f"write autograd.{difference.write_torch}"
        )
        edits: tuple[Edit, ...] = ()
        if isinstance(call.func, ast.Attribute):
            self._told.add(call.func)
            if sizes:
                edits = self.imports.renaming(call.func, "autograd.zeros")
                self._done |= {call.func, *ast.walk(call.func)}
            elif isinstance(call.args[0], (ast.List, ast.Tuple)) and not call.keywords:
                place = self.source.last_argument(call)
                edits = (Edit(place, place, f", dtype=autograd.{self._default}"),)
                self.imports.need("autograd")
            elif not isinstance(call.args[0], ast.Starred) and not call.keywords:
                name = "DoubleTensor" if self._default == "float64" else "FloatTensor"
                words = f"{words}; of a size or of values, as in PyTorch: autograd.{name}"
                edits = self.imports.renaming(call.func, f"autograd.{name}")
                self._done |= {call.func, *ast.walk(call.func)}
        self._note(call, DIFFERS, self._shown(call), words, *edits)

    # Attributes of tensors and modules --------------------------------------------------------

    def _attribute(self, node: ast.Attribute) -> None:
        parent: Any = self._parents.get(node)
        called = isinstance(parent, ast.Call) and parent.func is node
        if self.imports.is_other_module(node.value):
            return
        if node.attr == "data":
            self._array(node)
        elif node.attr == "is_floating_point" and getattr(node.value, "attr", "") == "dtype":
            owner: Any = node.value
            self._note(node, WRITE, self.source.of(node), "write x.is_floating_point()",
                       Edit(self.source.end(owner.value), self.source.end(node), ".is_floating_point()"))  # fmt: skip
        elif called and node.attr == "cuda":
            end = self.source.end(parent)
            self._note(node, WRITE, self.source.of(parent), "is left out: everything runs on the CPU",
                       Edit(self.source.end(node.value), end, ""))  # fmt: skip
        elif called and node.attr in MODULE_METHODS and node.attr not in self._own:
            self._note(node, HAND, f".{node.attr}()", MODULE_METHODS[node.attr])
        elif node.attr in TENSOR and node.attr not in self._own:
            self._of_a_tensor(node, called)

    def _of_a_tensor(self, node: ast.Attribute, called: bool) -> None:
        sure = node.value in self._tensors
        if isinstance(node.value, ast.Call) and node.attr in _PARTS:
            return
        if not sure and (node.attr in _COMMON or not called or node.attr in MODULE):
            return
        try:
            getattr(autograd.Tensor, node.attr)
        except AttributeError as error:
            _, found, said = str(error).partition("; write ")
            words = f"write {said}" if found else "there is nothing of this name here"
            self._note(node, HAND, f".{node.attr}", words)
        else:
            self._note(node, WORKS, node.attr, "works on tensors as it is")

    def _array(self, node: ast.Attribute) -> None:
        """``x.data``, which is a NumPy array here, and read-only."""
        source = self.source
        parent: Any = self._parents.get(node)
        owner, drop = source.of(node.value), Edit(source.end(node.value), source.end(node), "")
        is_parameter = _last_name(node.value) in _PARAMETERS
        method = parent.attr if isinstance(parent, ast.Attribute) else ""
        call = self._parents.get(parent) if method.endswith("_") else None
        if isinstance(call, ast.Call) and call.func is parent:
            self._array_method(node, method, call)
        elif isinstance(parent, ast.AugAssign) and parent.target is node:
            line = f"with autograd.no_grad(): {owner} {_operator(parent)} …"
            self._under_no_grad(node, parent, f"{owner}.data {_operator(parent)} …", line, drop)
        elif isinstance(parent, ast.Assign) and node in parent.targets:
            self._array_given(node, parent)
        elif (written := self._written_at(node, parent)) is not None:
            sign = _operator(written) if isinstance(written, ast.AugAssign) else "="
            place = source.bytes[source.end(node) : source.end(parent)].decode()
            line = f"with autograd.no_grad(): {owner}{place} {sign} …"
            self._under_no_grad(node, written, f"{owner}.data{place} {sign} …", line, drop)
        elif isinstance(parent, ast.Call) and self._is_init(parent.func) and node in parent.args:
            self._note(node, WRITE, f"{owner}.data", f"write {owner}: nn.init writes into parameters",
                       drop)  # fmt: skip
        elif is_parameter or node.value in self._tensors:
            self._note(node, WRITE, f"{owner}.data", f"is a NumPy array here; write {owner}.detach()",
                       Edit(*source.name_span(node), "detach()"))  # fmt: skip
        elif isinstance(parent, (ast.Attribute, ast.Subscript)) and node.attr not in self._own:
            self._note(node, DIFFERS, f"{owner}.data",
                       f"of a tensor it is a NumPy array here, so that {owner}.data.max(1) and the "
                       f"like are NumPy's; write {owner}.detach()")  # fmt: skip

    def _written_at(self, node: ast.Attribute, parent: Any) -> Any:
        """The statement ``x.data[index] = values``, or ``+=`` and so on, if it is that."""
        if not isinstance(parent, ast.Subscript) or parent.value is not node:
            return None
        statement = self._parents.get(parent)
        if isinstance(statement, ast.AugAssign) and statement.target is parent:
            return statement
        alone = isinstance(statement, ast.Assign) and statement.targets == [parent]
        return statement if alone else None

    def _array_given(self, node: ast.Attribute, statement: ast.Assign) -> None:
        """``w.data = values``: the values are copied into the parameter."""
        source, owner = self.source, self.source.of(node.value)
        words = f"write: with autograd.no_grad(): {owner}.copy_(…)"
        if len(statement.targets) > 1 or not source.stands_alone(statement):
            self._note(node, HAND, f"{owner}.data = …", words)
            return
        under = "" if self._is_under_no_grad(node) else "with autograd.no_grad(): "
        self.imports.need("autograd")
        start, end, behind = source.start(statement), source.end(statement), source.end(node)
        sign = source.bytes.index(b"=", behind) + 1
        sign += source.bytes[sign : sign + 1] == b" "
        self._note(node, WRITE, f"{owner}.data = …", words,
                   Edit(start, start, under), Edit(source.end(node.value), sign, ".copy_("),
                   Edit(end, end, ")"))  # fmt: skip

    def _array_method(self, node: ast.Attribute, method: str, call: ast.Call) -> None:
        source, owner = self.source, self.source.of(node.value)
        statement: Any = self._parents.get(call)
        chained = isinstance(statement, ast.Attribute)
        while isinstance(statement, ast.Attribute) and statement.attr.endswith("_"):
            statement = self._parents[self._parents[statement]]  # w.data.mul_(…).add_(…)
        start, opened = source.start(call), source.open_bracket(call)
        what = f"{owner}.data.{method}(…)"
        drop = Edit(source.end(node.value), source.end(node), "")
        if _last_name(node.value) == "grad":
            self._note(node, WRITE, what, f"write {owner}.{method}(…)", drop)
        elif (
            method in _FILL
            and not chained
            and not any(k.arg in ("from", "to") for k in call.keywords)
        ):
            comma = ", " if call.args or call.keywords else ""
            name = f"nn.init.{_FILL[method]}"
            self.imports.need("nn")
            self._note(
                node, WRITE, what, f"write {name}({owner}{comma and ', …'})",
                Edit(start, start, name + "("),
                Edit(source.end(node.value), opened, comma),
            )  # fmt: skip
        else:
            line = f"with autograd.no_grad(): {owner}.{method}(…)"
            self._under_no_grad(node, statement, what, line, drop)

    def _under_no_grad(
        self, node: ast.Attribute, statement: Any, what: str, line: str, drop: Edit
    ) -> None:
        """A statement that has to stand under ``no_grad``, put there if that is possible."""
        written = isinstance(statement, ast.Assign) and self._parents[node] in statement.targets
        simple = isinstance(statement, (ast.AugAssign, ast.Expr)) or written
        simple = simple and self.source.stands_alone(statement)
        if self._is_under_no_grad(node):
            self._note(node, WRITE, what, f"write {line.partition(': ')[2]}", drop)
        elif simple:
            start = self.source.start(statement)
            self.imports.need("autograd")
            self._note(node, WRITE, what, f"write: {line}",
                       Edit(start, start, "with autograd.no_grad(): "), drop)  # fmt: skip
        else:
            self._note(node, HAND, what, f"write on a line of its own: {line}")

    def _is_under_no_grad(self, node: ast.AST) -> bool:
        above: ast.AST | None = node
        while above is not None:
            decorated = (
                getattr(above, "decorator_list", []) if isinstance(above, ast.FunctionDef) else []
            )
            held = [i.context_expr for i in above.items] if isinstance(above, ast.With) else []
            for each in (*decorated, *held):
                call = each.func if isinstance(each, ast.Call) else each
                if self.imports.resolve(call) in ("torch.no_grad", "torch.inference_mode"):
                    return True
            above = self._parents.get(above)
        return False

    def _is_init(self, function: ast.expr) -> bool:
        path = self.imports.resolve(function)
        return path is not None and path.startswith("torch.nn.init.")


def _is_self(node: ast.expr) -> bool:
    return isinstance(node, ast.Name) and node.id in ("self", "cls")


def _last_name(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")


def _operator(statement: ast.AugAssign) -> str:
    signs = {ast.Add: "+=", ast.Sub: "-=", ast.Mult: "*=", ast.Div: "/=", ast.Pow: "**="}
    return signs.get(type(statement.op), "op=")
