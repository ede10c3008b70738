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
import sys
from pathlib import Path
from typing import Any

import autograd
import nn
from nn._console import forgive_missing_letters
from nn.train.checkpoint import Checkpoints, _default_suffix
from nn.train.nonfinite import NonFiniteError
from nn.train.recipes import DATA, MODELS, load_data, make_model
from nn.train.trainer import Trainer


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m nn.train",
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
    add("--epochs", type=int, default=30, help="default: 30")
    add("--batch-size", type=int, default=64, help="default: 64")
    add("--lr", type=float, default=0.003, help="largest learning rate; default: 0.003")
    add("--optimizer", choices=("adamw", "sgd"), default="adamw", help="default: adamw")
    add("--weight-decay", type=float, default=0.01, help="default: 0.01")
    add("--schedule", choices=("onecycle", "cosine", "none"), default="onecycle",
        help="of the learning rate; default: onecycle")  # fmt: skip
    add("--no-augment", action="store_true", help="train on the images as they are")
    add("--label-smoothing", type=float, default=0.0, help="default: 0")
    add("--accumulate", type=int, default=1, help="batches for one step; default: 1")
    add("--clip", type=float, default=None, help="largest norm of all gradients; default: none")
    add("--ema", type=float, default=None, help="decay of averaged weights; default: none")
    add(
        "--patience", type=int, default=None, help="epochs without getting better; default: all run"
    )
    add("--seed", type=int, default=0, help="of weights, order and augmentation; default: 0")
    add("--size", type=int, default=32, help="that images of a folder are brought to; default: 32")
    add("--workers", type=int, default=1, help="threads that prepare batches; default: 1")
    add("--threads", type=int, default=None, help="threads that compute; default: 1")
    add("--folds", type=int, default=None, help="cross-validation on the digits, so many runs")
    add("--on-nonfinite", choices=("raise", "explain", "ignore"), default="explain",
        help="what is done about NaN and infinity; default: explain, with a page")  # fmt: skip
    add("--out", default="runs/latest", help="folder for checkpoints and history; "
        "default: runs/latest")  # fmt: skip
    add("--resume", nargs="?", const="", default=None, metavar="FILE", help="go on with the newest "
        "checkpoint of --out, or with FILE")  # fmt: skip
    add("--quiet", action="store_true", help="print only the last line")
    return parser


def _options(parser: argparse.ArgumentParser, arguments: list[str] | None) -> argparse.Namespace:
    """What was asked for; a run that is resumed keeps the options that it was begun with."""
    options = parser.parse_args(arguments)
    kept = Path(options.out, "options.json")
    if options.resume is None or not kept.is_file():
        return options
    begun = json.loads(kept.read_text(encoding="utf-8"))
    parser.set_defaults(**{k: v for k, v in begun.items() if hasattr(options, k)})
    options = parser.parse_args(arguments)
    if options.schedule != "none" and options.epochs != begun["epochs"]:
        parser.error(
            f"the run was planned for {begun['epochs']} epochs, and its learning rate goes down "
            f"to their end; {options.epochs} need a run of their own (or --schedule none)"
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
    if options.resume is not None:
        resumed = trainer.resume(options.resume or None)
        if group.chief and not options.quiet:
            print(f"Going on with {resumed}" if resumed else f"No checkpoint in {out}: a new run")
    elif group.chief:
        trainer.checkpoints.clear()
        (out / "history.jsonl").unlink(missing_ok=True)
        begun = {k: v for k, v in vars(options).items() if k not in ("resume", "out")}
        (out / "options.json").write_text(json.dumps(begun, indent=2) + "\n", encoding="utf-8")
    trainer.fit(loader, options.epochs, valid)
    if group.chief:
        nn.save(trainer.network, out / f"model{suffix}")
    return trainer


def main(arguments: list[str] | None = None) -> int:
    """Run the command; returns its exit code."""
    forgive_missing_letters()
    parser = _parser()
    options = _options(parser, arguments)
    out = Path(options.out)
    try:
        if options.threads is not None:
            autograd.set_num_threads(options.threads)
        if options.folds is None:
            trainer = _run(options, out)
        else:
            return _folds(options, out)
    except (NonFiniteError, RuntimeError) as error:
        print(f"The run went wrong: {error}", file=sys.stderr)
        return 1
    except (ValueError, TypeError, ImportError, FileNotFoundError) as error:
        parser.error(str(error))
    except KeyboardInterrupt:
        return 130
    if not trainer.group.chief:
        return 130 if trainer.stopping == "interrupted" else 0
    files = sorted(path.name for path in out.iterdir() if not path.name.startswith("."))
    print(f"{_told(trainer)} In {out}: {', '.join(files)}")
    return 130 if trainer.stopping == "interrupted" else 0


def _told(trainer: Trainer) -> str:
    if not trainer.history:
        return f"{trainer.step} steps."
    record = trainer.history[-1]
    measured = ", ".join(
        f"{k} {record[k]:.4g}" for k in ("val_loss", "val_accuracy") if k in record
    )
    return f"{trainer.epoch} epochs, {trainer.step} steps: {measured}."


def _folds(options: Any, out: Path) -> int:
    if options.data != "digits" or options.folds < 2:
        raise ValueError("--folds needs the digits, and at least 2")
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
