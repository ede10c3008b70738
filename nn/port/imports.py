"""Imports of PyTorch: which names they bind, and how they are written here."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import NamedTuple

from nn.port.edits import Edit, Source
from nn.port.names import find, home_of

__all__ = ["Imports", "Rewritten"]

#: Packages that come with PyTorch and are not here.
_BESIDE = {
    "torchvision": "nn.data has MNIST, CIFAR-10 and folders of images, nn.data.transforms what is "
                   "done to them, nn.models some networks",
    "torchaudio": "there is nothing like it here",
    "torchtext": "there is nothing like it here",
    "pytorch_lightning": "nn.train.Trainer trains and keeps checkpoints",
    "lightning": "nn.train.Trainer trains and keeps checkpoints",
    "torchmetrics": "there is nothing like it here",
}  # fmt: skip


class Rewritten(NamedTuple):
    """What becomes of one import, as `nn.port.scan.Finding`."""

    line: int
    kind: str
    what: str
    words: str
    edits: tuple[Edit, ...]


class Imports:
    """What a program imports from PyTorch.

    Args:
        source: the program.
    """

    def __init__(self, source: Source) -> None:
        self._source = source
        self._bound: dict[str, str] = {}  # name in the program -> PyTorch's dotted name
        self._others: set[str] = set()  # names of other modules
        self._statements: list[ast.Import | ast.ImportFrom] = []
        self._needed: set[str] = set()
        for node in ast.walk(source.tree):
            if isinstance(node, ast.Import):
                self._import(node)
            elif isinstance(node, ast.ImportFrom):
                self._import_from(node)

    def _import(self, node: ast.Import) -> None:
        for alias in node.names:
            first = alias.name.partition(".")[0]
            if first == "torch":
                if node not in self._statements:
                    self._statements.append(node)
                self._bound[alias.asname or "torch"] = alias.name if alias.asname else "torch"
            else:
                self._others.add(alias.asname or first)
                if first in _BESIDE:
                    self._statements.append(node)

    def _import_from(self, node: ast.ImportFrom) -> None:
        module = "" if node.level else node.module or ""
        first = module.partition(".")[0]
        if first == "torch" or first in _BESIDE:
            self._statements.append(node)
        for alias in node.names:
            if first == "torch":
                self._bound[alias.asname or alias.name] = f"{module}.{alias.name}"
            else:
                self._others.add(alias.asname or alias.name)

    @property
    def found(self) -> bool:
        """Whether there is any."""
        return bool(self._statements)

    def resolve(self, node: ast.AST) -> str | None:
        """PyTorch's dotted name of an expression, or None if it is nothing of PyTorch's."""
        names: list[str] = []
        while isinstance(node, ast.Attribute):
            names.append(node.attr)
            node = node.value
        if not isinstance(node, ast.Name) or node.id not in self._bound:
            return None
        return ".".join([self._bound[node.id], *reversed(names)])

    def is_module(self, path: str) -> bool:
        """True for a package of PyTorch's, of which something is asked."""
        return home_of(path) is not None

    def is_other_module(self, node: ast.AST) -> bool:
        """True for ``np``, ``math`` and whatever else was imported."""
        while isinstance(node, ast.Attribute):
            node = node.value
        return isinstance(node, ast.Name) and node.id in self._others

    def need(self, package: str) -> None:
        """Have a package imported, for what is written."""
        self._needed.add(package)

    def is_renamed(self, path: str, ours: str) -> bool:
        """True if it is called otherwise, not only found in another package."""
        return path.rpartition(".")[2] != ours.rpartition(".")[2] or ours.startswith(
            ("nn.save", "nn.load", "nn.manual_seed", "nn.parallel")
        )

    def renaming(self, node: ast.expr, ours: str) -> tuple[Edit, ...]:
        """The edits that make a name in the program one of ours."""
        first: ast.expr = node
        while isinstance(first, ast.Attribute):
            first = first.value
        assert isinstance(first, ast.Name)
        bound = self._bound[first.id]
        home = home_of(bound)
        if isinstance(node, ast.Name):  # from torch.nn import Linear: the import changes
            return ()
        start, end = self._source.start(node), self._source.end(node)
        if home is not None and (ours == home or ours.startswith(home + ".")):
            if first.id != "torch":
                written = first.id + ours[len(home) :]
                same = self._source.of(node) == written
                return () if same else (Edit(start, end, written),)
            self.need("autograd")
        else:
            self.need(ours.partition(".")[0])
        return (Edit(start, end, ours),)

    # The imports themselves -------------------------------------------------------------------

    def rewritten(self) -> Iterator[Rewritten]:
        """What becomes of every import, once all names have been looked up."""
        made: set[str] = set()
        for k, node in enumerate(self._statements):
            lines, wrong = self._lines(node)
            missing = [p for p in sorted(self._needed) if k == 0 and not self._binds(p)]
            lines = [*(f"import {p}" for p in missing), *lines]
            lines = list(dict.fromkeys(line for line in lines if line not in made))
            made |= {line for line in lines if self._source.stands_alone(node)}
            for what, words in wrong:
                yield Rewritten(node.lineno, "hand", what, words, ())
            text = self._joined(node, lines)
            old = self._source.of(node)
            if text != old:
                start, end = self._source.start(node), self._source.end(node)
                if not text:
                    whole = self._source.whole_line(node)
                    if whole == (start, end) or self._only_statement(node):
                        text = "pass"  # something has to stand there: `pass; import os`
                    else:
                        start, end = whole
                words = f"is written: {'; '.join(lines)}" if lines else "is not needed"
                yield Rewritten(node.lineno, "write", " ".join(old.split()), words,
                                (Edit(start, end, text),))  # fmt: skip

    def _only_statement(self, node: ast.stmt) -> bool:
        return any(
            getattr(parent, field, None) == [node]
            for parent in ast.walk(self._source.tree)
            for field in ("body", "orelse", "finalbody")
        )

    def _binds(self, package: str) -> bool:
        """Whether some import of PyTorch's becomes one of a package, under its own name."""
        for node in self._statements:
            if f"import {package}" in self._lines(node)[0]:
                return True
        return False

    def _joined(self, node: ast.stmt, lines: list[str]) -> str:
        if not self._source.stands_alone(node):
            return "; ".join(lines)
        return (self._source.newline + self._source.indentation(node)).join(lines)

    def _lines(self, node: ast.Import | ast.ImportFrom) -> tuple[list[str], list[tuple[str, str]]]:
        """The statements that replace one, and what of it is not here."""
        if isinstance(node, ast.Import):
            return self._plain(node)
        return self._from(node)

    def _plain(self, node: ast.Import) -> tuple[list[str], list[tuple[str, str]]]:
        kept, wrong, lines = [], [], []
        for alias in node.names:
            name, asname = alias.name, alias.asname
            first = name.partition(".")[0]
            if first in _BESIDE:
                wrong.append((f"import {name}", _BESIDE[first]))
            ours = find(name) if first == "torch" else None
            if ours is None or ours.found is None:
                if ours is not None:
                    wrong.append((f"import {name}", ours.instead))
                kept.append(name + (f" as {asname}" if asname else ""))
            else:
                home = ours.path
                if asname is None:
                    if name == "torch" and self._needed and "autograd" not in self._needed:
                        continue  # only torch.nn and the like is used
                    lines.append(f"import {home.partition('.')[0]}")
                else:
                    lines.append(f"import {home}" + (f" as {asname}" if asname != home else ""))
        return [*lines, *([f"import {', '.join(kept)}"] if kept else [])], wrong

    def _from(self, node: ast.ImportFrom) -> tuple[list[str], list[tuple[str, str]]]:
        module = node.module or ""
        first = module.partition(".")[0]
        names = [a.name + (f" as {a.asname}" if a.asname else "") for a in node.names]
        if first in _BESIDE:
            return [self._source.of(node)], [(f"from {module} import …", _BESIDE[first])]
        if any(a.name == "*" for a in node.names):
            words = "write the names that are used: what a star brings cannot be read off the file"
            return [self._source.of(node)], [(f"from {module} import *", words)]
        packages, groups, kept, wrong = [], {}, [], []  # type: ignore[var-annotated]
        for alias, text in zip(node.names, names, strict=True):
            path = f"{module}.{alias.name}"
            home = home_of(path)
            ours = find(path)
            if home is not None and "." not in home:
                name = alias.asname or alias.name
                packages.append(f"import {home}" + (f" as {name}" if name != home else ""))
            elif ours.found is None:
                kept.append(text)
                wrong.append((f"from {module} import {alias.name}", ours.instead))
            else:
                parent, _, last = (home or ours.path).rpartition(".")
                name = alias.asname or alias.name
                groups.setdefault(parent, []).append(last + (f" as {name}" if name != last else ""))
        lines = [*packages, *(f"from {p} import {', '.join(n)}" for p, n in groups.items())]
        return [*lines, *([f"from {module} import {', '.join(kept)}"] if kept else [])], wrong
