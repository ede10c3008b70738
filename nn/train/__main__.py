"""``python -m nn.train``: train a network on images, from a line in the shell.

    python -m nn.train                                       digits, in half a minute
    python -m nn.train --data mnist --model lenet --epochs 5
    python -m nn.train --data cifar10 --model resnet20 --epochs 60 --threads 2
    python -m nn.train --data FOLDER --model my_net.py:make  images in a folder for each class
    python -m nn.train --resume                              go on with what was interrupted, with
                                                             the options that it was begun with
    mpiexec -n 4 python -m nn.train                          four processes, 64 images each
    python -m nn.train --folds 5                             digits: five runs, each holds a fifth out

Ctrl-C saves and stops. The last line tells where everything is. Exit codes: 0 finished, 1 a run
that went wrong (its error is told), 2 arguments that make no sense, 130 interrupted.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import autograd
import nn
from autograd import atomic
from nn._console import forgive_missing_letters
from nn.train.checkpoint import Checkpoints, _default_suffix
from nn.train.nonfinite import NonFiniteError
from nn.train.recipes import DATA, MODELS, load_data, make_model
from nn.train.trainer import Trainer


def _number(kind: Callable[[str], Any], least: float, above: bool = False) -> Callable[[str], Any]:
    """A reader of an option's number, which must be at least (or above) something."""

    def read(text: str) -> Any:
        try:
            value = kind(text)
        except ValueError:
            value = math.nan
        if not (value > least if above else value >= least) or value == math.inf:
            what = "a whole number" if kind is int else "a number"
            raise argparse.ArgumentTypeError(
                f"{what} {'above' if above else 'from'} {least:g} is wanted, not {text!r}"
            )
        return value

    return read


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m nn.train",
        usage="python -m nn.train [options]; --help tells them all",
        description=__doc__.partition("\n")[0].partition(": ")[2],
        epilog=__doc__.partition("\n\n")[2],
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--data", default="digits", help=f"{', '.join(DATA)}, or a folder with a folder of images "
        "for each class; default: digits, which come with the package")  # fmt: skip
    add("--root", default="data", help="folder that downloads are kept in; default: data")
    add("--model", default=None, help=f"{', '.join(MODELS)}, or PATH.py:function; default: digits "
        "for the digits, otherwise resnet20")  # fmt: skip
    _add_options_of_learning(add)
    add(
        "--size",
        type=_number(int, 1),
        default=32,
        help="that images of a folder are brought to; default: 32",
    )
    add(
        "--workers",
        type=_number(int, 0),
        default=1,
        help="threads that prepare batches; default: 1",
    )
    add(
        "--threads",
        type=_number(int, 1),
        default=None,
        help="threads that compute; default: one for each core",
    )
    add(
        "--folds",
        type=_number(int, 2),
        default=None,
        help="cross-validation on the digits, so many runs",
    )
    add("--on-nonfinite", choices=("raise", "explain", "ignore"), default="explain",
        help="what is done about NaN and infinity; default: explain, with a page")  # fmt: skip
    add("--out", default="runs/latest", help="folder for checkpoints and history; "
        "default: runs/latest")  # fmt: skip
    add("--resume", nargs="?", const="", default=None, metavar="FILE", help="go on with the newest "
        "checkpoint of --out, or with FILE")  # fmt: skip
    add("--quiet", action="store_true", help="print only the last line")
    return parser


def _add_options_of_learning(add: Callable[..., Any]) -> None:
    add("--epochs", type=_number(int, 0), default=30, help="default: 30")
    add("--batch-size", type=_number(int, 1), default=64, help="default: 64")
    add(
        "--lr",
        type=_number(float, 0, above=True),
        default=0.003,
        help="largest learning rate; default: 0.003",
    )
    add("--optimizer", choices=("adamw", "sgd"), default="adamw", help="default: adamw")
    add("--weight-decay", type=_number(float, 0), default=0.01, help="default: 0.01")
    add("--schedule", choices=("onecycle", "cosine", "none"), default="onecycle",
        help="of the learning rate; default: onecycle")  # fmt: skip
    add("--no-augment", action="store_true", help="train on the images as they are")
    add("--label-smoothing", type=_number(float, 0), default=0.0, help="default: 0")
    add("--accumulate", type=_number(int, 1), default=1, help="batches for one step; default: 1")
    add(
        "--clip",
        type=_number(float, 0, above=True),
        default=None,
        help="largest norm of all gradients; default: none",
    )
    add(
        "--ema",
        type=_number(float, 0),
        default=None,
        help="decay of averaged weights; default: none",
    )
    add(
        "--patience",
        type=_number(int, 0),
        default=None,
        help="epochs without getting better; default: all run",
    )
    add(
        "--seed",
        type=_number(int, 0),
        default=0,
        help="of weights, order and augmentation; default: 0",
    )


def _options(parser: argparse.ArgumentParser, arguments: list[str] | None) -> argparse.Namespace:
    """What was asked for; a run that is resumed keeps the options that it was begun with."""
    options = parser.parse_args(arguments)
    kept = Path(options.out, "options.json")
    if options.resume is None or not kept.is_file():
        return options
    try:
        begun = dict(json.loads(kept.read_text(encoding="utf-8")))
    except (OSError, TypeError, ValueError) as error:
        parser.error(f"--resume: {kept} cannot be read: {error}")
    parser.set_defaults(**{k: v for k, v in begun.items() if hasattr(options, k)})
    options = parser.parse_args(arguments)
    planned = begun.get("epochs", options.epochs)
    if options.schedule != "none" and options.epochs != planned:
        parser.error(
            f"the run was planned for {planned} epochs, and its learning rate goes down to their "
            f"end; {options.epochs} need a run of their own (or --schedule none)"
        )
    return options


def _trainer(options: Any, part: Any, steps: int, out: Path, suffix: str) -> Trainer:
    name = options.model or ("digits" if options.data == "digits" else "resnet20")
    group = nn.parallel.default_group()
    model = make_model(name, part)
    if group.size > 1:
        model = nn.parallel.SyncBatchNorm.convert(model, group)
        model = nn.parallel.DistributedDataParallel(model, group)
    if options.optimizer == "adamw":
        optimizer: Any = nn.optim.AdamW(
            model.parameters(), lr=options.lr, weight_decay=options.weight_decay
        )
    else:
        optimizer = nn.optim.SGD(
            model.parameters(), lr=options.lr, momentum=0.9, nesterov=True,
            weight_decay=options.weight_decay,
        )  # fmt: skip
    total = max(1, -(-steps // options.accumulate)) * options.epochs
    schedule: Any = None
    if options.schedule == "onecycle" and total:
        schedule = nn.optim.lr_scheduler.OneCycleLR(optimizer, options.lr, total_steps=total + 1)
    elif options.schedule == "cosine" and total:
        schedule = nn.optim.lr_scheduler.CosineAnnealingLR(optimizer, total)
    callbacks = (
        [] if options.patience is None else [nn.train.EarlyStopping(patience=options.patience)]
    )
    loss = nn.CrossEntropyLoss(label_smoothing=options.label_smoothing)
    return Trainer(
        model, optimizer, loss, schedule=schedule, accumulate=options.accumulate,
        clip_norm=options.clip, ema=options.ema, on_nonfinite=options.on_nonfinite,
        callbacks=callbacks, log=out / "history.jsonl", progress=not options.quiet,
        checkpoints=Checkpoints(out, best="val_accuracy", suffix=suffix), group=group,
    )  # fmt: skip


def _run(options: Any, out: Path, fold: tuple[int, int] | None = None) -> Trainer:
    group = nn.parallel.default_group()
    autograd.manual_seed(options.seed)
    if not group.chief:
        group.barrier()  # the first one downloads
    part = load_data(options.data, options.root, not options.no_augment, options.size, fold)
    if group.chief:
        group.barrier()
    loader = nn.data.DataLoader(
        part.train, options.batch_size, num_workers=options.workers, seed=options.seed,
        sampler=nn.data.DistributedSampler(part.train, group.size, group.rank, seed=options.seed),
    )  # fmt: skip
    valid = nn.data.DataLoader(part.valid, 256, num_workers=options.workers, seed=0)
    suffix = _default_suffix()
    trainer = _trainer(options, part, len(loader), out, suffix)
    if group.rank:  # dropout of its own in every process
        autograd.manual_seed(options.seed + 1_000_003 * group.rank)
    if group.chief:
        out.mkdir(parents=True, exist_ok=True)
    resumed = None
    if options.resume is not None:
        resumed = trainer.resume(options.resume or None)
        if group.chief and not options.quiet:
            print(f"Going on with {resumed}" if resumed else f"No checkpoint in {out}: a new run")
    if resumed is None and group.chief:
        trainer.checkpoints.clear()
        (out / "history.jsonl").unlink(missing_ok=True)
        begun = {k: v for k, v in vars(options).items() if k not in ("resume", "out")}
        atomic.write(out / "options.json", json.dumps(begun, indent=2) + "\n")
    try:
        trainer.fit(loader, options.epochs, valid)
    except (NonFiniteError, OSError):
        raise
    except Exception as error:
        if ".py:" in (options.model or ""):
            traceback.print_exc()  # somebody's own code: its lines are wanted
        raise _Failed(f"{type(error).__name__}: {error}") from error
    if group.chief:
        nn.save(trainer.network, out / f"model{suffix}")
    return trainer


class _Failed(RuntimeError):
    """Training ended with an error; the message says which."""


def main(arguments: list[str] | None = None) -> int:
    """Run the command; returns its exit code."""
    forgive_missing_letters()
    parser = _parser()
    options = _options(parser, arguments)
    out = Path(options.out)
    if out.exists() and not out.is_dir():
        parser.error(f"--out: {out} is a file, and a folder is wanted")
    try:
        if options.threads is not None:
            autograd.set_num_threads(options.threads)
        if options.folds is None:
            trainer = _run(options, out)
        else:
            return _folds(options, out)
    except FileNotFoundError as error:
        parser.error(f"there is no file {error.filename}" if error.filename else str(error))
    except (OSError, RuntimeError) as error:
        print(f"The run went wrong: {error}", file=sys.stderr)
        return 1
    except (ValueError, TypeError, ImportError) as error:
        parser.error(str(error))
    except KeyboardInterrupt:
        return 130
    if not trainer.group.chief:
        return 130 if trainer.stopping == "interrupted" else 0
    files = sorted(path.name for path in out.iterdir() if not path.name.startswith("."))
    print(f"{_told(trainer)} In {out}: {', '.join(files)}")
    return 130 if trainer.stopping == "interrupted" else 0


def _told(trainer: Trainer) -> str:
    steps = "1 step" if trainer.step == 1 else f"{trainer.step} steps"
    if not trainer.history:
        return f"{steps}."
    record = trainer.history[-1]
    measured = ", ".join(
        f"{k} {record[k]:.4g}" for k in ("val_loss", "val_accuracy") if k in record
    )
    epochs = "1 epoch" if trainer.epoch == 1 else f"{trainer.epoch} epochs"
    return f"{epochs}, {steps}: {measured}."


def _folds(options: Any, out: Path) -> int:
    if options.data != "digits":
        raise ValueError("--folds needs the digits")
    scores = []
    for k in range(options.folds):
        trainer = _run(options, out / f"fold-{k + 1}", (k, options.folds))
        if trainer.stopping == "interrupted":
            return 130
        scores.append(trainer.history[-1]["val_accuracy"])
        if trainer.group.chief:
            print(f"fold {k + 1}: {scores[-1]:.4f}")
    print(f"Mean of {options.folds} folds: {sum(scores) / len(scores):.4f}. In {out}: "
          f"fold-1 to fold-{options.folds}")  # fmt: skip
    return 0


if __name__ == "__main__":
    sys.exit(main())
