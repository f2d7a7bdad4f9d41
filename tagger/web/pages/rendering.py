"""Templates, and what all of them know: the navigation, the visitor's token, and how values are written.

The one rule: a template escapes all values, and holds no script and no style of its own.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, PackageLoader, StrictUndefined

from tagger.core.text import format_bytes, printable
from tagger.serving.catalogues import CODES
from tagger.web.api.views import label, percent
from tagger.web.assets import BASE, VERSION
from tagger.web.language import N_, Language, language, language_of
from tagger.web.security.gate import Visitor

PAGES = (
    ("/", N_("Library"), "library"),
    ("/review", N_("Review"), "review"),
    ("/map", N_("Map"), "map"),
    ("/landmarks", N_("Landmarks"), "landmark"),
    ("/runs", N_("Runs"), "run"),
    ("/try", N_("Try"), "try"),
)


SCRIPT_TEXTS = (
    N_("1 photo"),
    N_("{n} photos"),
    N_("{n} photos in view"),
    N_("{i} of {n}"),
    N_("No known landmark"),
    N_("Score of {name}"),
    N_("Confirm all {name}"),
    N_("Confirm all like this"),
    N_("Nothing here is tagged {name}"),
    N_("{n} confirmed as {name}; u undoes it"),
    N_("There is nothing to undo"),
    N_("1 selected"),
    N_("{n} selected"),
    N_("It is {name}"),
    N_("{n} confirmed as {name}"),
    N_("{n} without a landmark"),
    N_("{name} was taught"),
    N_("{tagged} of {photos} photos were tagged {landmark}. If so, undo this, and remove {name} under Landmarks."),
    N_("That did not work. Try again."),
)


STATES = {  # of runs
    "running": N_("running"),
    "done": N_("done"),
    "stopped": N_("stopped"),
    "interrupted": N_("interrupted"),
    "failed": N_("failed"),
    "died": N_("died"),
}
COUNTS = {  # of a run's photos
    "tagged": N_("tagged"),
    "none": N_("without a landmark"),
    "failed": N_("unreadable"),
    "unchanged": N_("unchanged"),
    "inherited": N_("known by content"),
    "gone": N_("gone"),
    "moved": N_("moved"),
    "set_aside": N_("set aside"),
}


def with_query(path: str, query: str = "", **others: str | None) -> str:
    """A path with its parameters, as far as they are set."""
    parameters = {name: value for name, value in {"query": query, **others}.items() if value}
    return f"{path}?{urlencode(parameters)}" if parameters else path


_environment = Environment(
    loader=PackageLoader("tagger.web"),
    autoescape=True,
    auto_reload=False,  # an upgrade replaces the files of a process that runs
    trim_blocks=True,
    lstrip_blocks=True,
    undefined=StrictUndefined,
)
_environment.globals |= {
    "pages": PAGES,
    "asset_version": VERSION,
    "static": BASE,
    "with_query": with_query,
    "STATES": STATES,
    "COUNTS": COUNTS,
}
_environment.filters |= {
    "percent": percent,
    "printable": printable,
    "bytes": format_bytes,
}


def warm_up() -> None:
    """Compile the templates and read the catalogues, so that no visitor waits for that."""
    for template in _environment.list_templates():
        _environment.get_template(template)
    for code in CODES:
        language(code, code)


def evidence(reason: dict[str, Any], language: Language) -> str:
    """What besides the picture speaks for or against a landmark, see `tagger.core.evidence`."""
    _ = language._
    if reason["kind"] == "vote":
        return _("like the photos before and after")
    return _("taken {km} km away").format(km=language.number(reason["km"]))


def render(request: Request, template: str, status: int = 200, **values: Any) -> HTMLResponse:
    """Render a template.

    Args:
        request: says who is asking.
        template: its name, without a suffix.
        status: of the response.
        values: of the template.
    """
    visitor: Visitor = request.state.visitor
    spoken = language_of(request)
    always = {
        "path": request.url.path,
        "csrf": visitor.session.csrf,
        "visitor": visitor,
        "lang": spoken.code,
        "_": spoken._,
        "day": spoken.day,
        "number": spoken.number,
        "name_of": spoken.name,
        "place_of": spoken.place,
        "country_in": spoken.country,
        "label": lambda tile: label(tile, spoken),
        "evidence": lambda reason: evidence(reason, spoken),
        "texts": {text: spoken._(text) for text in SCRIPT_TEXTS},
    }
    page = _environment.get_template(f"{template}.html").render({"query": "", **values, **always})
    return HTMLResponse(page, status, {"Content-Language": spoken.code, "Vary": "Accept-Language"})
