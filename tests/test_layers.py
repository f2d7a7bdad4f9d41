"""Who may import whom, as ARCHITECTURE.md draws it. A new module that is in no layer fails here."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

# From the ground up; a module may import its own layer and lower ones. The longest matching name counts.
LAYERS: list[tuple[str, ...]] = [
    ("db",),
    (
        "tagger.errors",
        "tagger.types",
        "tagger.times",
        "tagger.rules",
        "tagger.setting_types",
        "tagger.config",
        "tagger.log",
    ),
    (
        "tagger.card",
        "tagger.gps",
        "tagger.reasons",
        "tagger.votes",
        "tagger.stages",
        "tagger.thumbnail",
        "tagger.fuse",
        "tagger.decode",
        "tagger.upright",
        "tagger.preprocess",
        "tagger.phash",
        "tagger.look",
        "tagger.frames",
        "tagger.pipes",
        "tagger.decoder",
        "tagger.decoders",
        "tagger.calibrate",
    ),
    ("tagger.nets", "tagger.bundle"),
    ("tagger.engines",),
    ("tagger.pipeline", "tagger.predict", "tagger.course", "tagger"),
    ("training",),
    ("tagger.scan",),
    (
        "tagger.answers",
        "tagger.absence",
        "tagger.groups",
        "tagger.afterwards",
        "tagger.report",
        "tagger.report_page",
        "tagger.plan",
        "tagger.lock",
        "tagger.record",
        "tagger.worker",
        "tagger.progress",
        "tagger.bench",
        "tagger.doctor",
        "tagger.night",
        "tagger.canary",
        "tagger.digest",
        "tagger.jobs",
        "tagger.health",
        "tagger.settling",
        "tagger.stopping",
        "tagger.new_run",
    ),
    ("tagger.bot", "tagger.schedule", "tagger.watch", "tagger.metrics"),
    ("tagger.cli", "tagger.__main__"),
]

# Third-party packages by the only modules that may import them.
HOMES = {
    "aiohttp": ("tagger.bot.client",),
    "alembic": ("db",),
    "apscheduler": ("tagger.schedule",),
    "babel": ("tagger.bot",),
    "click": ("tagger.cli",),
    "filelock": ("tagger.lock",),
    "matplotlib": ("tagger.course", "training"),
    "numpy": (
        "tagger.calibrate", "tagger.decode", "tagger.frames", "tagger.engines", "tagger.pipeline", "tagger.predict",
        "tagger.phash", "tagger.preprocess", "tagger.upright", "tagger.groups", "tagger.bench", "training",
    ),
    "nncf": ("training",),
    "onnx": ("training",),
    "openvino": ("tagger.engines.openvino", "training"),
    "PIL": (
        "tagger.canary", "tagger.decode", "tagger.doctor", "tagger.phash", "tagger.predict", "tagger.preprocess",
        "tagger.upright", "training",
    ),
    "pillow_heif": ("tagger.decode",),
    "prometheus_client": ("tagger.metrics",),
    "platformdirs": ("tagger.config", "tagger.engines.choose"),
    "pydantic": ("tagger.setting_types", "tagger.config", "tagger.card", "tagger.bundle", "training"),
    "pydantic_settings": ("tagger.config",),
    "safetensors": ("tagger.engines.torch", "training"),
    "sqlalchemy": ("db",),
    "telegram": ("tagger.bot",),
    "torch": ("tagger.nets", "tagger.engines.torch", "tagger.engines.choose", "training"),
    "torchvision": ("tagger.nets.backbone", "training"),
    "tornado": ("tagger.bot.webhook",),
    "tqdm": ("tagger.progress", "training"),
    "watchdog": ("tagger.watch",),
}  # fmt: skip

# Beyond the order of the layers.
NEVER = [
    ("tagger.engines.openvino", "tagger.engines.torch"),
    ("tagger.engines.torch", "tagger.engines.openvino"),
    ("training", "db"),
    ("tagger.pipeline", "db"),
    ("tagger.predict", "db"),
    ("tagger.scan", "training"),
    ("tagger.worker", "training"),
    ("tagger.cli", "training"),
    ("tagger.bot", "training"),
    ("tagger.bot", "tagger.watch"),
    ("tagger.bot", "tagger.schedule"),
    ("tagger.bot", "tagger.web"),
    ("tagger.schedule", "tagger.watch"),
    ("tagger.schedule", "tagger.jobs"),
    ("tagger.watch", "tagger.schedule"),
    ("tagger.metrics", "tagger.schedule"),
    ("tagger.jobs", "training"),
]


def modules() -> dict[str, Path]:
    files = [file for package in ("tagger", "db", "training") for file in (ROOT / package).rglob("*.py")]
    return {_name(file): file for file in files}


def _name(file: Path) -> str:
    parts = file.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def within(module: str, package: str) -> bool:
    return module == package or module.startswith(package + ".")


MODULES = modules()


def layer(module: str) -> int | None:
    """The layer's number; the package root `tagger` stands for itself alone."""
    matches = [
        (len(name), number)
        for number, names in enumerate(LAYERS)
        for name in names
        if module == name or (name != "tagger" and within(module, name))
    ]
    return max(matches)[1] if matches else None


def imports(file: Path) -> Iterator[str]:
    """Every module that a file imports, inside functions too, except for type checkers only."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    hidden = {
        id(child)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
        for child in ast.walk(node)
    }
    for node in ast.walk(tree):
        if id(node) in hidden:
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}: imports are absolute here"
            yield from (_target(str(node.module), alias.name) for alias in node.names)


def _target(module: str, name: str) -> str:
    """`from tagger import decode` imports the module tagger.decode."""
    inner = f"{module}.{name}"
    return inner if inner in MODULES else module


@pytest.mark.parametrize("module", MODULES)
def test_every_module_has_a_layer_and_imports_only_downwards(module: str) -> None:
    own = layer(module)
    assert own is not None, f"{module} is in no layer: add it to tests/test_layers.py and ARCHITECTURE.md"
    for target in imports(MODULES[module]):
        above = layer(target)
        assert above is None or above <= own, f"{module} (layer {own}) imports {target} (layer {above})"


@pytest.mark.parametrize("module", MODULES)
def test_each_third_party_package_has_its_rooms(module: str) -> None:
    for target in imports(MODULES[module]):
        package = target.split(".")[0]
        if package in sys.stdlib_module_names or package in ("tagger", "db", "training"):
            continue
        assert package in HOMES, f"{module} imports {package}, which has no home in tests/test_layers.py"
        assert any(within(module, home) for home in HOMES[package]), f"{module} may not import {package}"


@pytest.mark.parametrize(("module", "stranger"), NEVER)
def test_strangers_stay_strangers(module: str, stranger: str) -> None:
    for name, file in MODULES.items():
        if within(name, module):
            assert not any(within(target, stranger) for target in imports(file)), f"{name} imports {stranger}"


def test_files_stay_short() -> None:
    long = {name: count for name, file in MODULES.items() if (count := len(file.read_text().splitlines())) > 300}
    assert long == {}


def test_functions_fit_on_a_screen() -> None:
    long = {
        f"{name}.{node.name}": node.end_lineno - node.lineno
        for name, file in MODULES.items()
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.FunctionDef) and node.end_lineno and node.end_lineno - node.lineno > 60
    }
    assert long == {}
