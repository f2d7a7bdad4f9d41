"""The map of the house in ARCHITECTURE.md, drawn from the real imports: `python -m tests.project.house_map`."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from tests.project.graph import MODULES, ROOT, ours
from tests.project.test_layers import MAY_IMPORT, room

DOCUMENT = ROOT / "ARCHITECTURE.md"
BEGIN, END = "<!-- house map: begin -->\n", "<!-- house map: end -->\n"
ROOMS = [name for name in MAY_IMPORT if MODULES.get(name, ROOT).name == "__init__.py"]


def house_map() -> str:
    return "\n".join([*_graph(), "", "| room | what is there | modules | imports |", "|---|---|---|---|", *_rows(), ""])


def _rows() -> Iterator[str]:
    packages = [name for name, file in MODULES.items() if file.name == "__init__.py" and "migrations" not in name]
    for package in sorted(packages, key=lambda name: (ROOMS.index(str(room(name))), name)):
        inside = [
            name for name, file in MODULES.items() if name.rpartition(".")[0] == package and file.stem != "__init__"
        ]
        stems = " · ".join(name.rpartition(".")[2] for name in inside)
        rooms = {_room(target) for name in (package, *inside) for target in ours(MODULES[name])} - {_room(package)}
        used = " · ".join(sorted(map(_short, rooms)))
        yield f"| `{package.replace('.', '/')}` | {_summary(package)} | {stems} | {used} |"


def _graph() -> Iterator[str]:
    """An arrow for each room that another imports, but not where a longer way leads there too."""
    imported = {name: set[str]() for name in ROOMS}
    for name, file in MODULES.items():
        imported[_room(name)] |= {_room(target) for target in ours(file)} - {_room(name)}
    yield from ("```mermaid", "graph TD")
    for name, targets in imported.items():
        indirect = {further for target in targets for further in _reached(imported, target)}
        yield from (f"    {_short(name)} --> {_short(target)}" for target in sorted(targets - indirect))
    yield "```"


def _reached(imported: dict[str, set[str]], start: str) -> set[str]:
    """All rooms below one; rooms form no circle."""
    return imported[start] | {further for target in imported[start] for further in _reached(imported, target)}


def _room(module: str) -> str:
    """A module beside the packages, as `tagger.__main__`, stands in the package's own room."""
    name = str(room(module))
    return name if name in ROOMS else name.rpartition(".")[0]


def _short(name: str) -> str:
    return name.removeprefix("tagger.")


def _summary(package: str) -> str:
    return (ast.get_docstring(ast.parse(MODULES[package].read_text())) or "").split("\n\n")[0].replace("\n", " ")


def drawn() -> str:
    """The document with the map as it is now."""
    above, _, rest = DOCUMENT.read_text().partition(BEGIN)
    _, _, below = rest.partition(END)
    return f"{above}{BEGIN}{house_map()}{END}{below}"


if __name__ == "__main__":
    DOCUMENT.write_text(drawn())
