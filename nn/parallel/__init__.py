"""Training on several processes, of one machine or many: the same script under ``mpiexec``.

    mpiexec -n 4 python -m nn.train --data digits

`DistributedDataParallel` averages gradients; `nn.data.DistributedSampler` shares out the samples;
`SyncBatchNorm` normalises by the whole batch. `run_emulated` plays processes with threads, to try
and to test without MPI.
"""

from nn.parallel.cost import all_reduce_seconds, scaling_table
from nn.parallel.data_parallel import DistributedDataParallel, Exchange
from nn.parallel.group import (
    EmulatedGroup,
    Group,
    MPIGroup,
    default_group,
    run_emulated,
    world_size,
)
from nn.parallel.sync_batch_norm import SyncBatchNorm

__all__ = [
    "DistributedDataParallel",
    "EmulatedGroup",
    "Exchange",
    "Group",
    "MPIGroup",
    "SyncBatchNorm",
    "all_reduce_seconds",
    "default_group",
    "run_emulated",
    "scaling_table",
    "world_size",
]
