"""What summing gradients costs, on paper: how training scales beyond the machine at hand.

Halving and doubling, n bytes are summed over p processes in 2 ⌈log₂ p⌉ rounds, in which every process
sends 2 (p − 1) / p · n bytes in all: with latency α and bandwidth β, 2 ⌈log₂ p⌉ α + 2 (p − 1) n / (p β)
seconds (R. Thakur, R. Rabenseifner, W. Gropp: Optimization of collective communication operations in
MPICH, 2005). A ring sends as much in 2 (p − 1) rounds, and so is never quicker by this measure.
"""

from __future__ import annotations

import math

__all__ = ["all_reduce_seconds", "scaling_table"]


def all_reduce_seconds(
    nbytes: float, processes: int, latency: float = 2e-6, bandwidth: float = 10e9
) -> float:
    """Seconds to sum ``nbytes`` over processes.

    Args:
        latency: seconds for the first byte from one process to another. Default 2 µs.
        bandwidth: bytes a second between two. Default 10 GB/s.

    Example:
        >>> from nn.parallel import all_reduce_seconds
        >>> round(all_reduce_seconds(1e6, 4) * 1e6)
        158
    """
    p = processes
    if p <= 1:
        return 0.0
    rounds = 2 * math.ceil(math.log2(p))
    return rounds * latency + 2 * (p - 1) / p * nbytes / bandwidth


def scaling_table(
    networks: dict[str, tuple[float, float]],
    processes: tuple[int, ...] = (1, 2, 4, 16, 64, 256, 1000),
    latency: float = 2e-6,
    bandwidth: float = 10e9,
) -> str:
    """How well each network scales, each process keeping its own batch.

    Args:
        networks: (parameters' bytes, seconds of a step on one process) by name.

    Returns:
        A table of step time on one over step time on p processes: once with the sum after
        backward, once hidden behind the half of backward that follows the last layers.

    Example:
        >>> from nn.parallel import scaling_table
        >>> print(scaling_table({"LeNet-5": (247e3, 4e-3)}, (1, 16, 1000)))
        network                      1          16        1000
        LeNet-5              1.00 1.00   0.98 1.00   0.98 1.00
    """
    lines = [f"{'network':<18}" + "".join(f"{p:>12}" for p in processes)]
    for name, (nbytes, seconds) in networks.items():
        cells = []
        for p in processes:
            cost = all_reduce_seconds(nbytes, p, latency, bandwidth)
            # Backward is about two thirds of a step, and half of it runs after the first bucket.
            hidden = max(0.0, cost - seconds / 3)
            cells.append(f"{seconds / (seconds + cost):.2f} {seconds / (seconds + hidden):.2f}")
        lines.append(f"{name:<18}" + "".join(f"{cell:>12}" for cell in cells))
    return "\n".join(lines)
