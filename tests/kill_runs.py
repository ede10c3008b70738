"""Kills work at random moments and starts it again: it must end in the bits of work never killed.

    python -m tests.kill_runs --times 200 --seed 1               training runs
    python -m tests.kill_runs --what ranks --times 50            one of the two processes of a run
    python -m tests.kill_runs --what download --times 100        downloads, from a server on loopback

A training run is a process of its own that writes a checkpoint after every step; it gets SIGKILL
after a random time, again and again until it finishes. So it is hit while it computes, while it
writes a checkpoint, and between the two. Of two processes under ``mpiexec`` one gets it, and the
other must end, too. A download that was killed leaves no file under its name, or the whole one.
Exit status 1 if anything failed or ended in other bits.
"""

import argparse
import contextlib
import hashlib
import http.server
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import numpy as np

RUN = """
import os, sys
import numpy as np
import autograd, nn
from nn.train import Checkpoints, Trainer, save_state
from nn.data.transforms import RandomAffine

group = nn.parallel.default_group()
with open(sys.argv[1] + f".rank-{group.rank}", "w") as file:
    file.write(str(os.getpid()))
autograd.manual_seed(5)
model = nn.Sequential(nn.Conv2d(1, 8, 3), nn.BatchNorm2d(8), nn.ReLU(), nn.Flatten(),
                      nn.Dropout(0.2), nn.Linear(288, 10))
digits = nn.data.load_digits()
data = nn.data.TensorDataset(digits.train_images[:192], digits.train_labels[:192],
                             transform=RandomAffine(10))
order = {"shuffle": True}
if group.size > 1:
    model = nn.parallel.DistributedDataParallel(
        nn.parallel.SyncBatchNorm.convert(model, group), group)
    order = {"sampler": nn.data.DistributedSampler(data, group.size, group.rank, seed=1)}
loader = nn.data.DataLoader(data, 16 // group.size, seed=1, num_workers=1, **order)
optimizer = nn.optim.Adam(model.parameters(), lr=0.003)
trainer = Trainer(model, optimizer, ema=0.9, progress=False,
                  schedule=nn.optim.lr_scheduler.CosineAnnealingLR(optimizer, 48),
                  checkpoints=Checkpoints(sys.argv[1], keep=2, every=1), group=group)
trainer.resume()
trainer.fit(loader, 4)
state = trainer.state_dict()
for record in state["history"]:
    del record["seconds"]
if group.chief:
    save_state(state, sys.argv[1] + "/finished.npz")
"""

DOWNLOAD = """
import sys
from nn.data.download import download

address, path, md5, size = sys.argv[1:]
download([address], path, md5, int(size), progress=False)
"""


class Run:
    """A training run in one process."""

    finished = "finished.npz"

    def start(self, place):
        return self.process([sys.executable, "-c", RUN, str(place)])

    def process(self, command):
        environment = {**os.environ, "GLASSGRAD_MPI_TIMEOUT": "60"}
        return subprocess.Popen(command, stderr=subprocess.PIPE, env=environment)

    def kill(self, process, place, rng):
        process.send_signal(signal.SIGKILL)

    def after_a_kill(self, place):
        """What is wrong with what the kill left, or nothing."""

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        pass


class Ranks(Run):
    """A training run in two processes, of which one is killed."""

    def start(self, place):
        beside = Path(sys.executable).parent
        program = shutil.which("mpiexec", path=f"{beside}{os.pathsep}{os.environ['PATH']}")
        return self.process([program, "-n", "2", sys.executable, "-c", RUN, str(place)])

    def kill(self, process, place, rng):
        with contextlib.suppress(FileNotFoundError, ValueError, ProcessLookupError):
            os.kill(int(Path(f"{place}.rank-{rng.integers(2)}").read_text()), signal.SIGKILL)
        try:
            process.wait(timeout=60)
        except subprocess.TimeoutExpired:
            process.kill()
            raise SystemExit("one of two processes was killed, and the other did not end") from None


class Download(Run):
    """A file of 3 MB from a server that takes a second for it."""

    finished = "file"

    def __enter__(self):
        contents = np.random.default_rng(0).bytes(3_000_000)
        self.md5, self.size = hashlib.md5(contents).hexdigest(), len(contents)

        class Slow(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                asked = self.headers.get("Range", "bytes=0-")
                start = int(asked.removeprefix("bytes=").rstrip("-"))
                self.send_response(206 if start else 200)
                self.send_header("Content-Length", str(len(contents) - start))
                self.end_headers()
                with contextlib.suppress(OSError):
                    for at in range(start, len(contents), 60_000):
                        self.wfile.write(contents[at : at + 60_000])
                        time.sleep(0.02)

            def log_message(self, *arguments):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Slow)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *exception):
        self.server.shutdown()
        self.server.server_close()

    def start(self, place):
        address = f"http://127.0.0.1:{self.server.server_port}/file"
        told = [address, str(place / self.finished), self.md5, str(self.size)]
        return self.process([sys.executable, "-c", DOWNLOAD, *told])

    def after_a_kill(self, place):
        path = place / self.finished
        if path.exists() and hashlib.md5(path.read_bytes()).hexdigest() != self.md5:
            return "a file under its name that is not whole"
        return None


def digest(place, subject):
    return hashlib.sha256((place / subject.finished).read_bytes()).hexdigest()


def killed_until_it_ends(subject, place, length, rng):
    """Kill and start again; gives how often, hits in the middle of a write, and what went wrong."""
    kills = parts = 0
    while True:
        process = subject.start(place)
        try:
            code = process.wait(timeout=rng.uniform(0.3, 1.0) * length)
        except subprocess.TimeoutExpired:
            subject.kill(process, place, rng)
            process.wait()
            process.stderr.close()
            kills += 1
            length = 1.02 * length
            parts += bool(list(place.glob(".*part")) + list(place.glob("*.part")))
            if wrong := subject.after_a_kill(place):
                return kills, parts, wrong
            continue
        told = process.stderr.read().decode()[-2000:]
        return kills, parts, f"exit {code}: {told}" if code else None


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--what", choices=("run", "ranks", "download"), default="run")
    parser.add_argument("--times", type=int, default=200, help="kills; default: 200")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    rng = np.random.default_rng(options.seed)
    kills = runs = faults = parts = 0
    subject = {"run": Run, "ranks": Ranks, "download": Download}[options.what]()
    with subject, tempfile.TemporaryDirectory() as folder:
        began = time.monotonic()
        process = subject.start(Path(folder, "whole"))
        if process.wait() != 0:
            print(process.stderr.read().decode())
            return 1
        length = time.monotonic() - began
        expected = digest(Path(folder, "whole"), subject)
        while kills < options.times and not faults:
            runs += 1
            place = Path(folder, f"run-{runs}")
            more, hits, wrong = killed_until_it_ends(subject, place, length, rng)
            if not more:  # killed sooner where runs have become quicker than the first one was
                length = 0.8 * length
            kills, parts = kills + more, parts + hits
            if not wrong and digest(place, subject) != expected:
                wrong = "it ended in other bits"
            if wrong:
                faults += 1
                print(f"run {runs}: {wrong}")
    print(json.dumps({"what": options.what, "kills": kills, "runs": runs,
                      "in the middle of a write": parts, "faults": faults}))  # fmt: skip
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
