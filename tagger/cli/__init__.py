"""The command line: parse, call one function, print. Data goes to stdout, everything else to stderr.

Exit codes: 0 done, 1 an error, 2 wrong usage, 3 done but some photos failed, 130 interrupted, 141 the reader of the
output went away.
At module level, commands import only click, so that `--help` starts at once.
"""

from __future__ import annotations

import atexit
import gc
import os
from typing import Any

import click

from tagger.cli.bench import bench
from tagger.cli.bot import bot
from tagger.cli.decisions.decide import decide
from tagger.cli.decisions.exchange import decisions
from tagger.cli.doctor import doctor
from tagger.cli.exports.diff import diff
from tagger.cli.exports.export import export
from tagger.cli.folders import forget, move
from tagger.cli.gallery.web import web
from tagger.cli.jobs import jobs
from tagger.cli.labels import labels
from tagger.cli.process import one_sentence
from tagger.cli.query import query
from tagger.cli.review.command import review
from tagger.cli.runs import runs
from tagger.cli.schedule import schedule
from tagger.cli.serve import serve
from tagger.cli.settings import settings
from tagger.cli.shared.batch import batch
from tagger.cli.shared.database import database
from tagger.cli.shared.worker import worker
from tagger.cli.suggest import suggest
from tagger.cli.tag import tag
from tagger.cli.taught.similar import similar, unknown
from tagger.cli.taught.teach import taught, teach
from tagger.cli.train import train
from tagger.cli.watch import watch
from tagger.cli.xmp import xmp
from tagger.core.streams import prepare_streams
from tagger.core.version import __version__


class Main(click.Group):
    """Ends a failed command with one sentence and its exit code."""

    def make_context(self, *arguments: Any, **options: Any) -> click.Context:
        prepare_streams()
        # NumPy's BLAS reads this when it loads. Its threads spin while they wait for the next photos' features, which
        # took a third of a run's processor time.
        os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
        with one_sentence():  # --help and --version print while the context is made
            return super().make_context(*arguments, **options)

    def invoke(self, ctx: click.Context) -> Any:
        with one_sentence():
            return super().invoke(ctx)


@click.group(cls=Main, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="tagger")
def main() -> None:
    """Suggest the world landmarks that photos show, or say honestly that there is none."""
    # Imports make 100,000 lasting objects; collecting garbage among them takes a fifth of a second.
    gc.set_threshold(50_000)
    atexit.register(gc.freeze)


LIBRARY = (tag, worker, batch, suggest, query, labels, review, decide, decisions, export, diff, xmp, move, forget, runs)
OWN_PLACES = (teach, taught, similar, unknown)
SERVICES = (jobs, schedule, watch, serve, bot, web)
for command in (*LIBRARY, *OWN_PLACES, *SERVICES, database, settings, doctor, bench, train):
    main.add_command(command)
