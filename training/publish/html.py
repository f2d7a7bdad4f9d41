"""Self-contained HTML pages from templates; they load nothing from elsewhere, and have a dark mode.

The one rule: the templates escape all values except our own plots.
"""

from __future__ import annotations

from collections.abc import Sequence

from jinja2 import Environment, PackageLoader, StrictUndefined

Bar = Sequence[
    tuple[str, float]
]  # parts: a style (train, val, test) and a fraction of the full width, together at most 1

TEMPLATES = Environment(
    loader=PackageLoader("training.publish"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
TEMPLATES.filters["thousands"] = "{:,}".format


def render(template: str, **values: object) -> str:
    """Render a page.

    Args:
        template: the name of a file in `templates`, without its ending.
    """
    return TEMPLATES.get_template(f"{template}.html.j2").render(values)
