"""The steps of training on the command line, in their order; `reproduce` runs them all."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from tagger.bundle import shipped_folder
from tagger.errors import EXPECTED
from training.prepare import photo_folder, prepare, summary
from training.run import RUNS, Run, open_run


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit code 0 done, 1 an expected error, 2 wrong usage."""
    options = _parser().parse_args(arguments)
    try:
        run = open_run(options.recipe, photo_folder(), options.runs)
        for step in STEPS[options.step]:
            step(run, options)
    except EXPECTED as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _prepare(run: Run, _: argparse.Namespace) -> None:
    print(summary(prepare(run.photos, run.manifest)))


def _fit(run: Run, options: argparse.Namespace) -> None:
    from training.transfer import fit

    fit(run, resume=options.resume)


def _calibrate(run: Run, _: argparse.Namespace) -> None:
    from training.calibrate import calibrate

    calibrate(run)


def _evaluate(run: Run, _: argparse.Namespace) -> None:
    from training.evaluate import evaluate

    evaluate(run)


def _export(run: Run, options: argparse.Namespace) -> None:
    from training.export import export

    bundle = export(run, options.to)
    print(f"{bundle.folder}: model {bundle.model_id[:12]}")


EACH = {"prepare": _prepare, "fit": _fit, "calibrate": _calibrate, "evaluate": _evaluate, "export": _export}
STEPS = {name: (step,) for name, step in EACH.items()} | {"reproduce": tuple(EACH.values())}
HELP = {
    "prepare": "check every photo and that no near-duplicate is in two splits",
    "fit": "train the network",
    "calibrate": "export the weights, fit temperature and threshold on the validation split",
    "evaluate": "measure the exported file on the validation and the test split",
    "export": "write the bundle with its figures and origin",
    "reproduce": "all of these",
}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m training", description="Train a bundle from the folder of photos that LANDMARK_DATA names."
    )
    steps = parser.add_subparsers(dest="step", required=True, metavar="STEP")
    for name, text in HELP.items():
        step = steps.add_parser(name, help=text, description=text)
        step.add_argument("recipe", type=Path, help="a TOML file, such as training/recipes/world.toml")
        step.add_argument("--runs", type=Path, default=RUNS, help="where runs keep their files (default: %(default)s)")
        if name in ("fit", "reproduce"):
            step.add_argument("--resume", action="store_true", help="continue after the last whole epoch")
        if name in ("export", "reproduce"):
            step.add_argument("--to", type=Path, default=shipped_folder(), help="the bundle (default: %(default)s)")
    return parser
