"""The steps of training on the command line, in their order; `reproduce` runs those that make a bundle.

The one rule: a step is one call; what it needs from an earlier one lies in the run's folder.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from tagger.core.errors import TaggerError
from tagger.model.bundle import shipped_folder
from training.data.archive import COURSE_URL
from training.data.manifest_folder import photo_folder
from training.data.prepare import Source, prepare
from training.fit.experiment import DATA, RUNS, Experiment, begin_experiment, open_experiment
from training.fit.recipe import load_recipe

Options = argparse.Namespace


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit code 0 done, 1 an expected error, 2 wrong usage."""
    options = _parser().parse_args(arguments)
    try:
        options.step(options)
    except TaggerError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _prepare(options: Options) -> None:
    print(prepare(_source(options), options.data, decisions=options.decisions).summary())


def _source(options: Options) -> Source:
    for kind in ("archive", "url", "folder"):
        if where := getattr(options, kind):
            return Source(kind, where)
    return Source("described", photo_folder())


def _fit(options: Options) -> Experiment:
    from training.fit.fit import fit

    changes = [*options.changes, *([f"base_weights={options.weights.resolve()}"] if options.weights else [])]
    run = begin_experiment(load_recipe(options.recipe, changes), options.data, options.runs)
    fit(run, resume=options.resume)
    return run


def _calibrate(options: Options) -> None:
    from training.evaluate.calibrate import calibrate

    calibrate(_run(options))


def _evaluate(options: Options) -> None:
    from training.evaluate.evaluate import evaluate

    evaluate(_run(options), options.split or ("val", "test"))


def _export(options: Options) -> None:
    from training.publish.export import export

    bundle = export(_run(options), options.to)
    print(f"{bundle.folder}: model {bundle.model_id[:12]}")


def _reproduce(options: Options) -> None:
    _prepare(options)
    options.run = _fit(options).folder
    for step in (_calibrate, _evaluate, _export):
        step(options)


def _none(options: Options) -> None:
    from training.evaluate.ood_study import compare

    compare(_run(options))


def _sources(options: Options) -> None:
    from training.evaluate.leave_source_out import leave_out

    leave_out(_run(options), options.changes)


def _report(options: Options) -> None:
    from training.publish.report import report

    print(report(_run(options)))


def _compare(options: Options) -> None:
    from training.publish.compare import compare

    compare([open_experiment(named, options.runs) for named in options.run], options.to)


def _int8(options: Options) -> None:
    from training.evaluate.quantization import measure

    measure(_run(options))


def _card(options: Options) -> None:
    from training.publish.model_card import update

    update(_run(options), options.docs)


def _run(options: Options) -> Experiment:
    return open_experiment(options.run, options.runs)


def steps() -> Mapping[str, argparse.ArgumentParser]:
    """Every step's own parser, by its name."""
    (action,) = (action for action in _parser()._actions if isinstance(action, argparse._SubParsersAction))
    return dict(action.choices)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m training", description="Train a bundle and say what it is worth.")
    parsers = parser.add_subparsers(required=True, metavar="STEP")

    def step(name: str, action: Callable[[Options], object], text: str) -> argparse.ArgumentParser:
        added = parsers.add_parser(name, help=text, description=text)
        added.set_defaults(step=action)
        return added

    text = "check every photo, draw splits, see that no near-duplicate is in two of them"
    _add_source(step("prepare", _prepare, text), "--to")
    fit = step("fit", _fit, "train the network of a recipe")
    _add_recipe(fit)
    fit.add_argument("--data", type=Path, default=DATA, help="what prepare made (default: %(default)s)")
    _on_run(step("calibrate", _calibrate, "export the weights; fit temperature and thresholds on the validation split"))
    measured = _on_run(step("evaluate", _evaluate, "measure the exported file"))
    measured.add_argument("--split", action="append", choices=("val", "test"), help="default: both")
    _to_bundle(_on_run(step("export", _export, "write the bundle with its figures and origin")))
    everything = step("reproduce", _reproduce, "prepare, fit, calibrate, evaluate and export, in one go")
    _add_source(everything, "--data")
    _add_recipe(everything)
    _to_bundle(everything)
    everything.set_defaults(split=None)

    _on_run(step("none", _none, "compare ways to say none, on the validation split"))
    held_out = _on_run(step("sources", _sources, "train again without whole sources of photos and test on those"))
    held_out.add_argument("changes", nargs="*", metavar="key=value", help="changes to the recipe, such as fewer epochs")
    _on_run(step("report", _report, "one HTML page with everything that was measured"))
    compared = step("compare", _compare, "runs side by side: accuracy, calibration, photos/s on this machine, size")
    compared.add_argument("run", nargs="+", type=Path, metavar="RUN")
    compared.add_argument(
        "--to", type=Path, default=RUNS, help="where the table and the plot go (default: %(default)s)"
    )
    compared.add_argument("--runs", type=Path, default=RUNS, help="where runs keep their files")
    _on_run(step("int8", _int8, "what eight-bit weights would lose and gain"))
    card = _on_run(step("card", _card, "renew the generated parts of the model card"))
    card.add_argument("--docs", type=Path, default=Path("docs"), help="default: %(default)s")
    return parser


def _add_source(step: argparse.ArgumentParser, result: str) -> None:
    source = step.add_mutually_exclusive_group()
    source.add_argument("--archive", type=Path, metavar="ZIP", help="the course's archive, or one of its layout")
    source.add_argument("--url", nargs="?", const=COURSE_URL, help="its address; without one, the course's public one")
    source.add_argument("--folder", type=Path, help="a folder with a folder of photos for each landmark")
    step.add_argument("--decisions", type=Path, metavar="CSV", help="what people decided; it outranks the labels")
    step.add_argument(result, dest="data", type=Path, default=DATA, help="where the result goes (default: %(default)s)")
    step.epilog = "Without a source, the folder that LANDMARK_DATA names is taken, which has a manifest.csv of its own."


def _add_recipe(step: argparse.ArgumentParser) -> None:
    step.add_argument("recipe", type=Path, help="a TOML file, such as training/recipes/transfer.toml")
    step.add_argument("changes", nargs="*", metavar="key=value", help="changes to it, such as train.epochs=8")
    step.add_argument("--resume", action="store_true", help="continue after the last whole epoch")
    step.add_argument("--weights", type=Path, metavar="FILE", help="the base's weights, in place of the published ones")
    step.add_argument("--runs", type=Path, default=RUNS, help="where runs keep their files (default: %(default)s)")


def _on_run(step: argparse.ArgumentParser) -> argparse.ArgumentParser:
    step.add_argument("run", type=Path, metavar="RUN", help="a run's folder or name")
    step.add_argument("--runs", type=Path, default=RUNS, help="where runs keep their files (default: %(default)s)")
    return step


def _to_bundle(step: argparse.ArgumentParser) -> None:
    step.add_argument("--to", type=Path, default=shipped_folder(), help="the bundle (default: %(default)s)")
