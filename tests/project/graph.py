"""Our modules and what they import, read from their source."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]


def modules(*packages: str) -> dict[str, Path]:
    """The file of every module in these top-level packages."""
    return {_name(file): file for package in packages for file in sorted((ROOT / package).rglob("*.py"))}


def _name(file: Path) -> str:
    parts = file.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = modules("tagger", "db", "training")


def within(module: str, package: str) -> bool:
    return module == package or module.startswith(package + ".")


def imports(file: Path) -> Iterator[str]:
    """Every module that a file imports: inside functions and for type checkers too."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}: imports are absolute here"
            yield from (_target(str(node.module), alias.name) for alias in node.names)


def _target(module: str, name: str) -> str:
    """`from tagger.image import decode` imports the module tagger.image.decode."""
    inner = f"{module}.{name}"
    return inner if inner in MODULES else module


def ours(file: Path) -> set[str]:
    return {target for target in imports(file) if target in MODULES}
