"""How to install an optional part here. The package is on no index, so its own source or its requirements are named."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from importlib.util import find_spec
from pathlib import Path

DISTRIBUTION = "landmark-tagger"
PROJECT = Path(__file__).parents[2]


def install_command(extra: str) -> str:
    """The command that adds an extra to the running installation.

    Returns:
        In the project's own environment a `make` target, elsewhere pip with the source that was installed, or with the
        extra's requirements if that source no longer exists.
    """
    # These would slow down every start.
    import json
    from importlib.metadata import PackageNotFoundError, distribution
    from shlex import join, quote
    from urllib.parse import unquote, urlsplit

    python = quote(sys.executable)
    pip = f"{python} -m pip install" if find_spec("pip") else f"pip --python {python} install"
    try:
        installed = distribution(DISTRIBUTION)
    except PackageNotFoundError:
        return f"{pip} {quote(f'{PROJECT}[{extra}]')}"
    origin = json.loads(installed.read_text("direct_url.json") or "{}")
    source = Path(unquote(urlsplit(origin.get("url", "")).path))
    if source == Path() or not source.exists():
        return f"{pip} {join(_requirements(installed.requires or (), extra))}"
    if Path(sys.prefix) == source / ".venv" and (source / "Makefile").is_file():
        return f"make -C {quote(str(source))} extras EXTRAS={extra}"
    editable = "--editable " if origin.get("dir_info", {}).get("editable") else ""
    return f"{pip} {editable}{quote(f'{source}[{extra}]')}"


def _requirements(requires: Iterable[str], extra: str) -> list[str]:
    markers = (f"extra == '{extra}'", f'extra == "{extra}"')
    parts = (requirement.partition(";") for requirement in requires)
    return [package.strip() for package, _, marker in parts if marker.strip() in markers]
