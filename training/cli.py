"""The training steps on the command line, in order; `reproduce` runs those that make a bundle.

Steps exchange files in the run's folder. A step's modules are imported when it runs, so that `--help` starts at once
and without torch.

Exit codes: 0 done, 1 an expected error, 2 wrong usage.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from training import RUNS
from training.steps import Steps

if TYPE_CHECKING:
    from training.data.manifest import Split
    from training.fit.experiment import Experiment

DATA = RUNS / "data"
PACKAGES = ("anyascii", "onnx", "torch", "torchvision")  # of the extra `train`, without which no step works
PATH = click.Path(path_type=Path)

Function = TypeVar("Function", bound=Callable[..., Any])


@click.group(cls=Steps, subcommand_metavar="STEP …", context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Train and evaluate a bundle."""
    from tagger.core.errors import require_extra
    from tagger.image.decode import prepare_own_process

    require_extra("Training", "train", *PACKAGES)
    prepare_own_process()


CHANGES = click.argument("changes", nargs=-1, metavar="[KEY=VALUE]…")
RUNS_FOLDER = click.option("--runs", type=PATH, default=RUNS, show_default=True, help="Where runs keep their files.")
BUNDLE = click.option(
    "--to", type=PATH, help="The bundle's folder.  [default: the shipped bundle, if it has the same name]"
)
FIT = (
    click.argument("recipe", type=PATH),
    CHANGES,
    click.option("--resume", is_flag=True, help="Continue after the last complete epoch."),
    click.option("--weights", type=PATH, metavar="FILE", help="The base's weights instead of the published ones."),
    RUNS_FOLDER,
)
SOURCE = (
    click.option("--archive", type=PATH, metavar="ZIP", help="The course's archive, or one with the same layout."),
    click.option("--url", is_flag=False, flag_value="", help="Its address; without a value, the course's public one."),
    click.option("--folder", type=PATH, help="A folder with one folder of photos for each landmark."),
    click.option("--decisions", type=PATH, metavar="CSV", help="People's decisions; they outrank the labels."),
)
SOURCE_HELP = "Without a source, the photos come from the folder that LANDMARK_DATA names, with its own manifest.csv."
CHANGES_HELP = "KEY=VALUE changes the recipe, such as train.epochs=8."


def add_parameters(*parameters: Callable[[Function], Function]) -> Callable[[Function], Function]:
    """Add several arguments and options at once, in this order."""

    def decorate(function: Function) -> Function:
        for parameter in reversed(parameters):
            function = parameter(function)
        return function

    return decorate


def shipped_place(bundle: str) -> Path:
    """The folder of the shipped bundle, which only a bundle of the same name replaces."""
    from tagger.model.bundle import shipped_folder

    folder = shipped_folder()
    if bundle != folder.name:
        raise click.UsageError(f"Name a folder for the bundle {bundle!r}, such as --to my_bundle.")
    return folder


def run_step(name: str, **settings: Any) -> Callable[[Callable[..., object]], click.Command]:
    """Make a step on one run: RUN and --runs become the experiment that the function takes first."""

    def decorate(function: Callable[..., object]) -> click.Command:
        @wraps(function)
        def opened(run: Path, runs: Path, **options: Any) -> None:
            from training.fit.experiment import open_experiment

            function(open_experiment(run, runs), **options)

        return main.command(name, **settings)(add_parameters(click.argument("run", type=PATH), RUNS_FOLDER)(opened))

    return decorate


@main.command("prepare", epilog=SOURCE_HELP)
@add_parameters(*SOURCE)
@click.option("--to", "data", type=PATH, default=DATA, show_default=True, help="Where the result goes.")
def prepare_step(
    archive: Path | None, url: str | None, folder: Path | None, decisions: Path | None, data: Path
) -> None:
    """Check every photo, and draw or check the splits, in which no photo and no near-duplicate of one is twice."""
    from training.data.archive import COURSE_URL
    from training.data.manifest_folder import data_folder
    from training.data.prepare import Source, prepare

    if sum(value is not None for value in (archive, url, folder)) > 1:
        raise click.UsageError("Name one source only: --archive, --url or --folder.")
    if archive:
        source = Source("archive", archive)
    elif url is not None:
        source = Source("url", url or COURSE_URL)
    else:
        source = Source("image_folder", folder) if folder else Source("manifest_folder", data_folder())
    click.echo(prepare(source, data, decisions=decisions).summary())


@main.command("fit", epilog=CHANGES_HELP)
@add_parameters(*FIT)
@click.option("--data", type=PATH, default=DATA, show_default=True, help="The folder that prepare wrote.")
def fit_step(
    recipe: Path, changes: Sequence[str], resume: bool, weights: Path | None, runs: Path, data: Path
) -> Experiment:
    """Train the network of a recipe.

    RECIPE is a TOML file, or the name of a recipe that comes with the package: transfer or scratch.
    """
    from training.fit.experiment import begin_experiment
    from training.fit.recipe_file import load_recipe

    base = [f"base_weights={weights.resolve()}"] if weights else []
    chosen = load_recipe(recipe, [*changes, *base])
    experiment = begin_experiment(chosen, data, runs)
    if (batch := experiment.recipe.train.batch) != chosen.train.batch:
        photos = len(experiment.entries("train"))
        click.echo(f"{photos} training photos: the batch is {batch} instead of {chosen.train.batch}.", err=True)
    from training.fit.fit import fit  # torch, after all that is quickly checked

    fit(experiment, resume=resume)
    return experiment


@run_step("calibrate")
def calibrate_step(experiment: Experiment) -> None:
    """Export the weights, and fit temperature and thresholds.

    Both are fitted on the validation split.
    """
    from training.evaluate.calibrate import calibrate

    calibrate(experiment)


@run_step("evaluate")
@click.option("--split", multiple=True, type=click.Choice(("val", "test")), help="May be repeated.  [default: both]")
def evaluate_step(experiment: Experiment, split: Sequence[Split]) -> None:
    """Measure the exported file."""
    from training.evaluate.evaluate import evaluate

    evaluate(experiment, split or ("val", "test"))


@run_step("export")
@BUNDLE
def export_step(experiment: Experiment, to: Path | None) -> None:
    """Write the bundle with its figures and origin."""
    experiment.require(experiment.metrics, "evaluate")
    folder = to or shipped_place(experiment.recipe.bundle)
    from training.publish.export import export

    bundle = export(experiment, folder)
    click.echo(f"{bundle.folder}: model {bundle.model_id[:12]}")


@main.command("reproduce", epilog=f"{SOURCE_HELP} {CHANGES_HELP}")
@add_parameters(*FIT, *SOURCE, BUNDLE)
@click.option("--first-look", type=PATH, metavar="RECIPE", help="Also train a first look, and add it to the bundle.")
@click.option("--data", type=PATH, default=DATA, show_default=True, help="Where the prepared photos' manifest goes.")
def reproduce_step(
    archive: Path | None, url: str | None, folder: Path | None, decisions: Path | None, data: Path, runs: Path,
    to: Path | None, first_look: Path | None, resume: bool, **options: Any,
) -> None:  # fmt: skip
    """Prepare, fit, calibrate, evaluate and export, with embeddings."""
    from training.fit.recipe_file import load_recipe, student_changes

    teacher = load_recipe(options["recipe"], options["changes"])
    to = to or shipped_place(teacher.bundle)
    invoke = click.get_current_context().invoke
    invoke(prepare_step, archive=archive, url=url, folder=folder, decisions=decisions, data=data)
    run = invoke(fit_step, data=data, runs=runs, resume=resume, **options).folder
    invoke(calibrate_step, run=run, runs=runs)
    invoke(evaluate_step, run=run, runs=runs)
    invoke(export_step, run=run, runs=runs, to=to)
    if first_look:
        changes = student_changes(teacher, run)
        student = invoke(fit_step, recipe=first_look, changes=changes, resume=resume, data=data, runs=runs).folder
        invoke(calibrate_step, run=student, runs=runs)
        invoke(first_look_step, run=student, runs=runs, to=to)
    invoke(embedding_step, run=run, runs=runs, to=to)


@run_step("first-look")
@BUNDLE
def first_look_step(experiment: Experiment, to: Path | None) -> None:
    """Add a calibrated run to a bundle as its first look, which answers where it is sure that there is no landmark."""
    from tagger.model.bundle import open_bundle
    from training.publish.first_look import add_first_look

    bundle = add_first_look(experiment, open_bundle(to))
    click.echo(f"{bundle.folder}: model {bundle.model_id[:12]}")


@run_step("embedding")
@BUNDLE
def embedding_step(experiment: Experiment, to: Path | None) -> None:
    """Add embeddings to a bundle, after its first look: teaching and searching need them."""
    from tagger.model.bundle import open_bundle
    from training.publish.embedding import add_embedding

    bundle = add_embedding(experiment, open_bundle(to))
    click.echo(f"{bundle.folder}: model {bundle.model_id[:12]}")


@main.command("names")
@click.argument("landmarks", type=PATH, required=False)
@click.option("--to", type=PATH, help="The bundle's folder.  [default: the shipped bundle]")
def names_step(landmarks: Path | None, to: Path | None) -> None:
    """Write names and places into a bundle's card.

    LANDMARKS is a TOML file; by default, that of the shipped bundle. The bundle stays the same model: neither its
    weights nor its thresholds change.
    """
    from training.fit.recipe import LANDMARKS
    from training.publish.names import update_names

    bundle = update_names(to, landmarks or LANDMARKS)
    click.echo(f"{bundle.folder}: model {bundle.model_id[:12]}")


@run_step("none")
def none_step(experiment: Experiment) -> None:
    """Compare ways to answer "no known landmark", on the validation split."""
    from training.evaluate.ood_study import study

    study(experiment)


@run_step("sources", epilog=CHANGES_HELP)
@CHANGES
def sources_step(experiment: Experiment, changes: Sequence[str]) -> None:
    """Train without whole sources (collections that photos came from), and test on those."""
    from training.evaluate.leave_source_out import leave_source_out

    leave_source_out(experiment, changes)


@run_step("report")
def report_step(experiment: Experiment) -> None:
    """Write a page with everything that was measured."""
    from training.publish.report import write_report

    click.echo(write_report(experiment))


@main.command("compare")
@click.argument("names", nargs=-1, required=True, metavar="RUN…", type=PATH)
@click.option("--to", type=PATH, default=RUNS, show_default=True, help="Where the table and the plot go.")
@RUNS_FOLDER
def compare_step(names: Sequence[Path], to: Path, runs: Path) -> None:
    """Show runs side by side as a table and a plot.

    It has accuracy, calibration, size and the photos/s on this machine.
    """
    from training.fit.experiment import open_experiment
    from training.publish.compare import compare

    compare([open_experiment(name, runs) for name in names], to)


@run_step("int8")
def int8_step(experiment: Experiment) -> None:
    """Measure what eight-bit weights gain and lose."""
    from training.evaluate.quantization import measure

    measure(experiment)


@run_step("card")
@click.option("--docs", type=PATH, default=Path("docs"), show_default=True, help="The folder of MODEL.md.")
def card_step(experiment: Experiment, docs: Path) -> None:
    """Update the generated parts of the model card."""
    from training.publish.model_card import update_model_card

    update_model_card(experiment, docs)
