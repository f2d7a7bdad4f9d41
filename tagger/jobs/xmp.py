"""Write XMP sidecars at the end of the nightly job."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace

from db.read.filters import TagFilter
from tagger.core.errors import RunInProgress, UnknownLanguage, require_extra
from tagger.core.text import printable
from tagger.jobs.context import JobContext, JobResult
from tagger.library.roots import names_in_store

MOST_PROBLEMS = 20  # in a message


def with_sidecars(context: JobContext, result: JobResult, folders: Sequence[str]) -> JobResult:
    """Write the sidecars of photos in some folders that are not up to date, and add to a job's result what came of it.

    Args:
        context: of the job; its settings say which tags are written.
        result: of the run.
        folders: absolute.

    Raises:
        MissingExtra: lxml is not installed.
    """
    require_extra("The setting xmp", "xmp", "lxml")
    from tagger.export.xmp import sidecars

    settings = context.settings
    options = sidecars.WriteOptions(
        confirmed_only=settings.xmp == "confirmed", skip_written=True, language=settings.xmp_lang
    )
    counts, problems = Counter[str](), list[str]()
    try:
        for folder in names_in_store(context.store, folders):
            with closing(sidecars.write(context.store, TagFilter(under=folder), options)) as outcomes:
                for outcome in outcomes:
                    counts[outcome.status] += 1
                    if outcome.status == "failed":
                        problems.append(f"{printable(outcome.sidecar)}: {outcome.message}")
                    if context.stop.is_set():
                        break
    except (RunInProgress, UnknownLanguage) as error:
        problems.append(str(error))
    changed = counts["written"] + counts["removed"]
    lines = [result.message, f"XMP sidecars: {changed} written, {counts['failed']} failed", *problems[:MOST_PROBLEMS]]
    if len(problems) > MOST_PROBLEMS:
        lines.append(f"and {len(problems) - MOST_PROBLEMS} more")
    return replace(result, message="\n".join(lines), status="failed" if problems else result.status)
