"""A run's report as one page: no script, nothing fetched, so that it can be mailed, kept, and opened anywhere.

The one rule: everything that comes from outside (paths, names, reasons) is escaped where it enters the page.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Sequence
from datetime import datetime, tzinfo
from html import escape
from importlib.resources import files
from string import Template

from db.engine import Store
from db.read import catalog
from db.read.run_report import Example, report_of, tagged_examples, unsure_examples
from tagger.config.cron import local
from tagger.core.evidence import describe
from tagger.core.text import first_of, format_duration, printable
from tagger.image.thumbnail import data_uri
from tagger.library.report import RunReport

OF_EACH_LANDMARK = 6
MOST_TAGGED = 60
MOST_UNSURE = 24
STAGES = {
    "scan": "looking for files",
    "decode_wait": "waiting for photos",
    "engine": "the model",
    "store": "storing",
    "compare": "comparing photos",
}
ENDINGS = {
    "done": "done",
    "stopped": "stopped when its time was up; the next run goes on",
    "interrupted": "stopped by hand; the next run goes on",
    "failed": "broke",
}


def page(store: Store, run: int, *, zone: tzinfo | None = None) -> str | None:
    """The page of a run; None where the run left no report.

    Args:
        zone: whose clock the page shows; None for the machine's own.

    Raises:
        UnknownRun: there is no such run.
    """
    with store.read() as connection:
        undone_at = catalog.run(connection, run).undone_at
        stored = report_of(connection, run)
        tagged = tagged_examples(connection, run, each=OF_EACH_LANDMARK, limit=MOST_TAGGED)
        unsure = unsure_examples(connection, run, limit=MOST_UNSURE)
    return render(RunReport.from_json(stored), tagged, unsure, undone_at, zone) if stored else None


def render(
    report: RunReport,
    tagged: Sequence[Example],
    unsure: Sequence[Example],
    undone_at: datetime | None,
    zone: tzinfo | None,
) -> str:
    """Args:
    undone_at: when the run's suggestions were taken back, if they were.
    """
    counts = report.counts
    parts = [
        _alerts(report, local(undone_at, zone) if undone_at else None),
        _figures(report),
        _stages(report),
        _landmarks(report),
        _photos("Newly tagged", f"{len(tagged)} of {counts['tagged']:,}", tagged),
        _photos("Not sure", f"{len(unsure)} of {counts['none']:,} without a tag, the nearest first", unsure),
        _failed(report),
        _paths("In quarantine since this run", _quarantine(report), report.quarantined),
        _paths("Tried alone", "an earlier run had died with them in work", report.suspects),
        _slowest(report),
        _details(report),
    ]
    template = Template(files("tagger.library").joinpath("report.html").read_text(encoding="utf-8"))
    title = f"Run {report.run}, {local(datetime.fromisoformat(report.started_at), zone)}"
    subtitle = f"{report.job}, {ENDINGS.get(report.status, report.status)}, {format_duration(report.seconds)}"
    return template.substitute(title=escape(title), subtitle=escape(subtitle), body="\n".join(filter(None, parts)))


def _alerts(report: RunReport, undone_at: str | None) -> str:
    told = [*report.alerts, *([report.error] if report.error else [])]
    if undone_at:
        told.append(f"Its suggestions were taken back on {undone_at}.")
    return _tag("div", "".join(_tag("p", escape(each)) for each in told), "alerts") if told else ""


def _figures(report: RunReport) -> str:
    counts = report.counts
    shown = [
        (f"{counts['tagged']:,}", "tagged", ""),
        (f"{counts['none']:,}", "without a landmark", ""),
        (f"{counts['failed']:,}", "failed", "bad" if counts["failed"] else ""),
        (f"{counts['unchanged']:,}", "unchanged", ""),
        (f"{counts['gone']:,}", "gone", ""),
    ]
    if report.voted:
        shown.append((f"{report.voted:,}", "by a vote", ""))
    if report.photos_per_s is not None:
        shown.append((f"{report.photos_per_s:,.1f}", "photos/s", ""))
    return _tag("div", "".join(_tag("div", f"<b>{number}</b>{word}", kind) for number, word, kind in shown), "figures")


def _stages(report: RunReport) -> str:
    spent = {stage: report.stages[stage] for stage in STAGES if report.stages.get(stage, 0) >= 0.01}
    if not (total := sum(spent.values())):
        return ""
    bar = "".join(f'<i class="{stage}" style="width:{100 * each / total:.1f}%"></i>' for stage, each in spent.items())
    key = "".join(
        f'<span><i class="{stage}"></i>{STAGES[stage]} {format_duration(each)}</span>' for stage, each in spent.items()
    )
    return f"{_heading('Where the time went')}{_tag('div', bar, 'bar')}{_tag('div', key, 'key')}"


def _landmarks(report: RunReport) -> str:
    if not report.landmarks:
        return ""
    new = sum(each["is_new"] for each in report.landmarks)
    chips = (
        _tag("span", f"{escape(each['name'])} <small>{each['photos']:,}</small>", "new" if each["is_new"] else "")
        for each in sorted(report.landmarks, key=lambda each: not each["is_new"])
    )
    told = f"{len(report.landmarks)}, {new} of them for the first time" if new else f"{len(report.landmarks)}"
    return f"{_heading('Landmarks', told)}{_tag('div', ''.join(chips), 'chips')}"


def _photos(title: str, told: str, examples: Sequence[Example]) -> str:
    if not examples:
        return ""
    return f"{_heading(title, told)}{_tag('div', ''.join(map(_figure, examples)), 'photos')}"


def _figure(example: Example) -> str:
    uri = data_uri(example.path)
    picture = f'<img alt="" loading="lazy" src="{uri}">' if uri else '<div class="blank"></div>'
    path = printable(example.path)
    reason = json.loads(example.reason) if example.reason else None
    why = f", {describe(reason)}" if reason else ""
    told = _tag("span", escape(f"{example.score:.1%}{why}"), "odd" if reason and reason["kind"] == "far" else "")
    file = f'<span class="file" title="{escape(path, quote=True)}">{escape(os.path.basename(path))}</span>'
    return _tag("figure", f"{picture}<figcaption>{escape(example.name)}{told}{file}</figcaption>")


def _failed(report: RunReport) -> str:
    if not report.failed:
        return ""
    kinds = ", ".join(f"{count} {kind}" for kind, count in report.failures.items())
    rows = (
        f"<tr><th>{escape(f['kind'])}</th><td>{escape(f['path'])}{_why(f['message'])}</td></tr>" for f in report.failed
    )
    return f"{_heading('Failed', kinds + _first(report.failed, sum(report.failures.values())))}{_table(rows)}"


def _quarantine(report: RunReport) -> str:
    first = _first(report.quarantined, report.in_quarantine)
    return f"{report.in_quarantine:,}, until they change, or --retry-failed{first}"


def _first(named: Sequence[object], every: int) -> str:
    """Nothing where all are named."""
    return f"; the first {len(named)}, all with tagger query --failed" if len(named) < every else ""


def _why(message: str) -> str:
    return f'<br><span class="soft">{escape(message)}</span>'


def _paths(title: str, told: str, paths: Sequence[str]) -> str:
    if not paths:
        return ""
    return f"{_heading(title, told)}{_table(f'<tr><td>{escape(path)}</td></tr>' for path in paths)}"


def _slowest(report: RunReport) -> str:
    rows = [
        f'<tr><td>{escape(each["path"])}</td><td class="number">{format_duration(each["seconds"])}</td></tr>'
        for each in report.slowest
    ]
    return f"{_heading('Slowest to read')}{_table(rows)}" if rows else ""


def _details(report: RunReport) -> str:
    engine, model = report.engine, report.model
    rows = {
        "folders": first_of(report.roots),
        "model": f"{model['name']} {model['version']} ({model['id'][:12]})",
        "engine": f"{engine['engine']} on {engine['device']}, {engine['precision']}: {engine['reason']}",
        "suggestions": f"{report.k} for each photo",
        "settings": report.settings_hash or "",
        "version": report.tagger_version,
    }
    told = (f"<tr><th>{name}</th><td>{escape(value)}</td></tr>" for name, value in rows.items() if value)
    return f"{_heading('How')}{_table(told)}"


def _heading(title: str, told: str = "") -> str:
    return f"<h2>{escape(title)}{f' <small>{escape(told)}</small>' if told else ''}</h2>"


def _table(rows: Iterable[str]) -> str:
    return _tag("div", f"<table>{''.join(rows)}</table>", "scroll")


def _tag(name: str, inside: str, kind: str = "") -> str:
    """Args:
    inside: escaped by whoever gives it.
    """
    return f'<{name} class="{kind}">{inside}</{name}>' if kind else f"<{name}>{inside}</{name}>"
