"""Kills training runs at random moments and resumes them: each must end in the bits of one never killed.

    python -m tests.kill_runs --times 200 --seed 1

A run is a process of its own that writes a checkpoint after every step; it gets SIGKILL after a
random time, again and again until it finishes. So it is hit while it computes, while it writes a
checkpoint, and between the two. Exit status 1 if a resumption failed or ended in other bits.
"""

import argparse
import hashlib
import json
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

RUN = """
import sys
import numpy as np
import autograd, nn
from nn.train import Checkpoints, Trainer, save_state
from nn.data.transforms import RandomAffine

autograd.manual_seed(5)
model = nn.Sequential(nn.Conv2d(1, 8, 3), nn.BatchNorm2d(8), nn.ReLU(), nn.Flatten(),
                      nn.Dropout(0.2), nn.Linear(288, 10))
digits = nn.data.load_digits()
data = nn.data.TensorDataset(digits.train_images[:192], digits.train_labels[:192],
                             transform=RandomAffine(10))
loader = nn.data.DataLoader(data, 16, shuffle=True, seed=1, num_workers=1)
optimizer = nn.optim.Adam(model.parameters(), lr=0.003)
trainer = Trainer(model, optimizer, ema=0.9, progress=False,
                  schedule=nn.optim.lr_scheduler.CosineAnnealingLR(optimizer, 48),
                  checkpoints=Checkpoints(sys.argv[1], keep=2, every=1))
trainer.resume()
trainer.fit(loader, 4)
state = trainer.state_dict()
for record in state["history"]:
    del record["seconds"]
save_state(state, sys.argv[1] + "/finished.npz")
"""


def start(folder):
    return subprocess.Popen([sys.executable, "-c", RUN, str(folder)], stderr=subprocess.PIPE)


def digest(folder):
    return hashlib.sha256(Path(folder, "finished.npz").read_bytes()).hexdigest()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--times", type=int, default=200, help="kills; default: 200")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    rng = np.random.default_rng(options.seed)
    kills = runs = faults = parts = 0
    with tempfile.TemporaryDirectory() as folder:
        began = time.monotonic()
        process = start(Path(folder, "whole"))
        if process.wait() != 0:
            print(process.stderr.read().decode())
            return 1
        length = time.monotonic() - began
        expected = digest(Path(folder, "whole"))
        while kills < options.times and not faults:
            runs += 1
            place = Path(folder, f"run-{runs}")
            while True:
                process = start(place)
                try:  # killed sooner where runs have become quicker than the first one was
                    code = process.wait(timeout=rng.uniform(0.3, 1.0) * length)
                    length = 0.8 * length
                except subprocess.TimeoutExpired:
                    process.send_signal(signal.SIGKILL)
                    process.wait()
                    kills += 1
                    length = 1.02 * length
                    parts += bool(list(place.glob(".*part"))) if place.is_dir() else 0
                    continue
                if code != 0 or digest(place) != expected:
                    faults += 1
                    print(f"run {runs}: exit {code}, other bits or an error:")
                    print(process.stderr.read().decode()[-2000:])
                break
    print(json.dumps({"kills": kills, "runs": runs, "in the middle of a write": parts,
                      "faults": faults}))  # fmt: skip
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
