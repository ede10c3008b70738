"""One model in every process, each with its share of the batch; gradients are averaged.

While backward still runs, gradients that are final leave already: parameters are gathered, last
ones first, into flat buckets, and a bucket whose gradients are all there begins to be summed while
the layers before are differentiated. When the pass is over, the sums are waited for, and every
``.grad`` holds the mean over all processes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import numpy as np

import autograd
from autograd import Tensor, arguments
from nn.module import Module
from nn.parallel.group import Group, default_group

__all__ = ["DistributedDataParallel", "Exchange"]


class Exchange(NamedTuple):
    """One parameter's gradient in one pass: this process's, and the mean over all."""

    name: str
    local: np.ndarray[Any, Any]
    mean: np.ndarray[Any, Any]


class _Bucket:
    """Gradients of one dtype that travel together."""

    def __init__(self, names: list[str], parameters: dict[str, Any]) -> None:
        self.names = names
        self.slices = {}
        end = 0
        for name in names:
            size = parameters[name].size
            self.slices[name] = slice(end, end + size)
            end += size
        self.flat = np.zeros(end, parameters[names[0]].dtype)
        self.missing = set(names)
        self.sum: Any = None

    def reset(self) -> None:
        self.flat = np.zeros_like(self.flat)
        self.missing, self.sum = set(self.names), None


class DistributedDataParallel(Module):
    """A module whose gradients are averaged over the processes of a group.

    Parameters and buffers are rank 0's from the beginning. Every process must run the same passes
    in the same order. Parameters that a pass does not reach count as zero there.

    Args:
        module: the model; the same in every process.
        group: default: the processes started by ``mpiexec``, see `default_group`.
        bucket_bytes: about so many bytes travel together. Default 1 MiB.
        watch: keep each gradient before and after the sum, for `report`. Default False.

    Raises:
        RuntimeError: if the processes have different models.

    Example:
        >>> import autograd as ag, numpy as np, nn
        >>> def work(group):
        ...     layer = nn.Linear(1, 1, bias=False)
        ...     model = nn.parallel.DistributedDataParallel(layer, group)
        ...     model(ag.full((1, 1), group.rank + 1.0)).sum().backward()
        ...     return layer.weight.grad.item()
        >>> nn.parallel.run_emulated(work, 2)
        [1.5, 1.5]
    """

    def __init__(
        self,
        module: Module,
        group: Group | None = None,
        bucket_bytes: int = 2**20,
        watch: bool = False,
    ) -> None:
        super().__init__()
        if not isinstance(module, Module):
            raise TypeError(
                f"DistributedDataParallel: module must be a Module, got {type(module).__name__}"
            )
        self.module = module
        self.watch = watch
        bucket_bytes = arguments.integer("DistributedDataParallel", "bucket_bytes", bucket_bytes)
        self._learnt: dict[str, Any]
        object.__setattr__(self, "group", default_group() if group is None else group)
        self._synchronous = True
        learnt = {name: p for name, p in module.named_parameters() if p.requires_grad}
        object.__setattr__(self, "_learnt", learnt)  # the module's own, known by other names
        self._take_over()
        self._buckets = self._make_buckets(bucket_bytes)
        self._started = 0
        self._local: dict[str, Any] = {}
        self._before: dict[str, Any] = {}
        self.exchanges: list[Exchange] = []
        for bucket in self._buckets:
            for name in bucket.names:
                self._hook(name, bucket)

    def forward(self, *inputs: Any, **options: Any) -> Any:
        """What the module gives."""
        return self.module(*inputs, **options)

    @contextmanager
    def no_sync(self) -> Iterator[None]:
        """Gradients stay local while the block runs; the next pass after it sums them along."""
        before, self._synchronous = self._synchronous, False
        try:
            yield
        finally:
            self._synchronous = before

    # At the beginning -----------------------------------------------------------------------------

    def _take_over(self) -> None:
        """Rank 0's numbers for everyone; compared by hash afterwards."""
        shapes = [(name, p.shape, str(p.dtype)) for name, p in self.module.named_parameters()]
        for rank, others in enumerate(self.group.all_gather(shapes)):
            if others != shapes:
                raise RuntimeError(
                    f"DistributedDataParallel: rank {rank} has another model than rank "
                    f"{self.group.rank}: {sorted(set(map(str, others)) ^ set(map(str, shapes)))[:4]}"
                )
        for parameter in self.module.parameters():
            with autograd.no_grad(), autograd.writable(parameter) as array:
                array[...] = self.group.broadcast(array)
        for name, buffer in self.module.named_buffers():
            path, _, last = name.rpartition(".")
            value = self.group.broadcast(buffer.data)
            setattr(self.module.get_submodule(path), last, autograd.tensor(value))
        self.check_in_step()

    def check_in_step(self) -> None:
        """Compare the parameters of all processes, by hash.

        Raises:
            RuntimeError: naming the ranks that differ from rank 0.
        """
        digest = hashlib.sha256()
        for parameter in self.module.parameters():
            digest.update(np.ascontiguousarray(parameter.data).tobytes())
        first, *others = self.group.all_gather(digest.hexdigest())
        different = [str(rank) for rank, other in enumerate(others, 1) if other != first]
        if different:
            raise RuntimeError(
                "DistributedDataParallel: the parameters of rank "
                f"{', '.join(different)} are not those of rank 0"
            )

    def _make_buckets(self, bucket_bytes: int) -> list[_Bucket]:
        """Parameters, last ones first, since their gradients are there first; by dtype and size."""
        buckets: list[list[str]] = []
        size, dtype = 0, None
        for name, parameter in reversed(self._learnt.items()):
            if not buckets or parameter.dtype != dtype or size + parameter.nbytes > bucket_bytes:
                buckets.append([])
                size, dtype = 0, parameter.dtype
            buckets[-1].append(name)
            size += parameter.nbytes
        return [_Bucket(names, self._learnt) for names in buckets]

    def _hook(self, name: str, bucket: _Bucket) -> None:
        parameter = self._learnt[name]

        def ready(gradient: Tensor) -> None:
            if self._synchronous:
                self._arrived(name, bucket, gradient)

        def committed(_: Tensor) -> None:
            if self._synchronous:
                self._finish()

        parameter.register_hook(ready)
        parameter.register_post_accumulate_grad_hook(committed)

    # In a pass ------------------------------------------------------------------------------------

    def _arrived(self, name: str, bucket: _Bucket, gradient: Tensor) -> None:
        """A gradient is final: into its bucket with it, and off with those that are full."""
        parameter = self._learnt[name]
        local = np.array(gradient.data, order="C")
        if parameter.grad is not None:  # of passes without a sum, or not yet zeroed
            local += parameter.grad.data
        bucket.flat[bucket.slices[name]] = local.ravel()
        bucket.missing.discard(name)
        self._send()

    def _send(self, all_of_them: bool = False) -> None:
        """Begin sums in the order of the buckets, the same in every process."""
        while self._started < len(self._buckets):
            bucket = self._buckets[self._started]
            if bucket.missing and not all_of_them:
                return
            bucket.sum = self.group.start_all_reduce(bucket.flat)
            self._started += 1

    def _finish(self) -> None:
        """The pass is over: wait for the sums, and give every parameter the mean."""
        if not any(len(bucket.missing) < len(bucket.names) for bucket in self._buckets):
            return  # another parameter's hook has done it
        self._send(all_of_them=True)
        if self.watch:
            self.exchanges = []
        for bucket in self._buckets:
            total = bucket.sum.wait()
            mean = total / total.dtype.type(self.group.size)
            for name, where in bucket.slices.items():
                parameter = self._learnt[name]
                value = mean[where].reshape(parameter.shape)
                if self.watch:
                    local = bucket.flat[where].reshape(parameter.shape)
                    self.exchanges.append(Exchange(name, local.copy(), value.copy()))
                parameter.grad = autograd.tensor(value)
            bucket.reset()
        self._started = 0

    # Seen -----------------------------------------------------------------------------------------

    def report(self) -> str:
        """The last pass as text: for every parameter its gradient's norm in each process, and the mean's.

        Every process must call it.

        Raises:
            RuntimeError: if there was no pass, or ``watch`` is off.
        """
        if not self.exchanges:
            raise RuntimeError(
                "DistributedDataParallel.report: nothing was watched; make it with watch=True and "
                "run backward"
            )
        norms = {each.name: float(np.linalg.norm(each.local)) for each in self.exchanges}
        gathered = self.group.all_gather(norms)
        lines = []
        for each in reversed(self.exchanges):
            parts = "  ".join(
                f"rank {rank}: {others[each.name]:.4g}" for rank, others in enumerate(gathered)
            )
            lines.append(f"{each.name}  {parts}  mean: {float(np.linalg.norm(each.mean)):.4g}")
        return "\n".join(lines)
