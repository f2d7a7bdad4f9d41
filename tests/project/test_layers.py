"""Who may import whom, as ARCHITECTURE.md says it in five lines. Type-only imports count.

A module in no package, a rule that names nothing, and a circle fail here.
"""

from __future__ import annotations

import ast
import sys

import pytest

from tests.project.graph import MODULES, ROOT, imports, modules, ours, within

CORE = ("tagger.core",)
VALUES = (*CORE, "tagger.config", "tagger.image", "tagger.evidence", "tagger.world_map")
MODEL = (*CORE, "tagger.image", "tagger.evidence", "tagger.model")
SERVICES = (*VALUES, "tagger.model", "db", "tagger.library")
OF_JOBS = (*SERVICES, "tagger.export", "tagger.ops", "tagger.jobs")
OF_SURFACES = (*OF_JOBS, "tagger.serving")

# What each room may import of ours, besides itself.
MAY_IMPORT: dict[str, tuple[str, ...]] = {
    # 1. The ground floor, and the store on it.
    "tagger.core": (),
    "db": CORE,
    # 2. Values: never one another.
    "tagger.config": CORE,
    "tagger.image": CORE,
    "tagger.evidence": CORE,
    "tagger.world_map": CORE,
    # 3. The model, and training on it.
    "tagger.model": MODEL,
    "tagger.compat": MODEL,
    "training": (*MODEL, "training.cli"),
    "training.cli": (*MODEL, "training"),
    # 4. Services.
    "tagger.library": SERVICES,
    "tagger.export": SERVICES,
    "tagger.review": SERVICES,
    "tagger.ops": SERVICES,
    "tagger.serving": SERVICES,
    "tagger.batch": SERVICES,
    "tagger.jobs": OF_JOBS,
    # 5. Surfaces: never one another; the command line wires them.
    "tagger.bot": OF_SURFACES,
    "tagger.web": (*OF_SURFACES, "tagger.review"),
    "tagger.cli": (*OF_SURFACES, "tagger.batch", "tagger.review", "tagger.bot", "tagger.web", "training.cli"),
    "tagger.__main__": ("tagger.cli",),
    # The package's front door.
    "tagger.api": (*SERVICES, "tagger.export", "tagger.review"),
    "tagger.api_xmp": (*SERVICES, "tagger.export", "tagger.api"),
    "tagger": (*CORE, "tagger.model", "tagger.compat", "tagger.api", "tagger.api_xmp", "db"),
}

# Third-party packages by the only rooms that may import them.
HOMES = {
    "aiohttp": ("tagger.bot.transport.client",),
    "aiolimiter": ("tagger.bot.transport.rate_limiter",),
    "alembic": ("db",),
    "anyascii": ("training.data.folder_names",),
    "apscheduler": ("tagger.jobs.schedule",),
    "babel": (
        "tagger.bot.render",
        "tagger.serving.catalogues",
        "tagger.web.language",
        "tagger.library.query.countries",
        "tagger.model.languages",
    ),
    "blake3": ("tagger.image.picture_hash", "tagger.model.engines.network_cache"),
    "click": ("tagger.cli", "training.cli", "training.steps"),
    "exiv2": ("tagger.export.xmp.embedding",),
    "fastapi": ("tagger.web",),
    "filelock": ("tagger.library.locks.file", "tagger.library.taught.matrix", "tagger.model.engines.network_cache"),
    "h11": ("tagger.web.connection",),
    "itsdangerous": ("tagger.web.security.sessions",),
    "jinja2": (
        "tagger.export.html_page",
        "tagger.library.report_html",
        "tagger.web.pages.rendering",
        "training.publish.html",
    ),
    "lark": ("db.read.query_language.grammar",),
    "lxml": ("tagger.export.xmp.packet",),
    "matplotlib": ("tagger.compat", "training.publish"),
    "nncf": ("training.evaluate.quantization",),
    "numpy": (
        "tagger.image",
        "tagger.cli.review.pictures",
        "tagger.model",
        "tagger.library.finalize",
        "tagger.library.taught",
        "tagger.ops.bench",
        "training",
    ),
    "onnx": ("training.publish.export",),
    "openvino": ("tagger.model.engines.openvino", "tagger.model.engines.openvino_network", "training"),
    "PIL": (
        "tagger.image",
        "tagger.cli.review.pictures",
        "tagger.model",
        "tagger.jobs.canary",
        "tagger.ops.doctor",
        "tagger.world_map.picture",
        "training",
    ),
    "pillow_heif": ("tagger.image",),
    "pillow_jxl": ("tagger.image.codecs.jxl",),
    "platformdirs": ("db.postgres", "tagger.config", "tagger.library.taught.matrix", "tagger.model.engines.factory"),
    "prometheus_client": ("tagger.ops.metrics", "tagger.web.api.status"),
    "pyarrow": ("tagger.export.parquet", "tagger.batch"),
    "pydantic": ("tagger.config", "tagger.model.card", "tagger.model.bundle", "tagger.web.api", "training"),
    "pydantic_settings": ("tagger.config",),
    "ray": ("tagger.batch.run",),
    "rawpy": ("tagger.image.codecs.raw",),
    "safetensors": ("tagger.model.engines.torch", "training"),
    "sqlalchemy": ("db",),
    "starlette": ("tagger.web",),
    "telegram": ("tagger.bot",),
    "tifffile": ("tagger.image.codecs.tiff",),
    "torch": (
        "tagger.model.nets",
        "tagger.model.engines.torch",
        "tagger.model.engines.fixed_batches",
        "tagger.model.engines.factory",
        "training",
    ),
    "torchvision": ("tagger.model.nets.torchvision", "training"),
    "tornado": ("tagger.bot.transport.webhook",),
    "tqdm": ("tagger.cli.process", "tagger.cli.shared.batch", "tagger.cli.shared.database", "training"),
    "uvicorn": ("tagger.web",),
    "watchdog": ("tagger.jobs.watch",),
}
NEVER = [
    ("tagger.model.engines.openvino", "tagger.model.engines.torch"),
    ("tagger.model.engines.torch", "tagger.model.engines.openvino"),
]

MOST_MODULES = 20  # in a folder
HISTORY = ROOT / "db" / "migrations" / "versions"  # it only grows, since a migration stays as it is
MOST_LINES = 300
LONGEST_FUNCTION = 60
FOLDERS = ("tagger", "db", "training", "tests", "benchmarks")


def room(module: str) -> str | None:
    """The rule that governs a module; the front door `tagger` stands for itself alone."""
    found = [name for name in MAY_IMPORT if module == name or (name != "tagger" and within(module, name))]
    return max(found, key=len, default=None)


@pytest.mark.parametrize("module", MODULES)
def test_a_module_is_in_a_room_and_imports_what_its_room_may(module: str) -> None:
    own = room(module)
    assert own is not None, f"{module} is in no room: add its package to tests/project/test_layers.py"
    allowed = (own, *MAY_IMPORT[own])
    for target in ours(MODULES[module]):
        assert room(target) in allowed, f"{module} imports {target}, and {own} may import {MAY_IMPORT[own]} only"


@pytest.mark.parametrize("module", MODULES)
def test_each_third_party_package_has_its_rooms(module: str) -> None:
    for target in imports(MODULES[module]):
        package = target.split(".")[0]
        if package in sys.stdlib_module_names or package in ("tagger", "db", "training"):
            continue
        assert package in HOMES, f"{module} imports {package}, which has no home in tests/project/test_layers.py"
        assert any(within(module, home) for home in HOMES[package]), f"{module} may not import {package}"


@pytest.mark.parametrize(("module", "stranger"), NEVER)
def test_engines_do_not_know_each_other(module: str, stranger: str) -> None:
    assert not any(within(target, stranger) for target in imports(MODULES[module]))


def test_every_rule_names_something() -> None:
    named = {*MAY_IMPORT, *(name for names in MAY_IMPORT.values() for name in names)}
    named |= {home for homes in HOMES.values() for home in homes} | {name for pair in NEVER for name in pair}
    assert named - MODULES.keys() == set()
    used = {target.split(".")[0] for file in MODULES.values() for target in imports(file)}
    assert HOMES.keys() - used == set()


def test_no_imports_go_in_a_circle() -> None:
    open_ends = {name: ours(file) - {name} for name, file in MODULES.items()}
    while leaves := [name for name, targets in open_ends.items() if not targets]:
        for leaf in leaves:
            del open_ends[leaf]
        for targets in open_ends.values():
            targets.difference_update(leaves)
    assert open_ends == {}


def test_folders_stay_readable() -> None:
    folders = {file.parent for file in modules(*FOLDERS).values()} - {HISTORY}
    counts = {
        str(folder.relative_to(ROOT)): len({*folder.glob("*.py")} - {folder / "__init__.py"}) for folder in folders
    }
    assert {name: count for name, count in counts.items() if count > MOST_MODULES} == {}


def test_files_stay_short() -> None:
    lines = {name: len(file.read_text().splitlines()) for name, file in modules(*FOLDERS).items()}
    assert {name: count for name, count in lines.items() if count > MOST_LINES} == {}


def test_functions_fit_on_a_screen() -> None:
    long = {
        f"{name}.{node.name}": node.end_lineno - node.lineno
        for name, file in modules(*FOLDERS).items()
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno
        if node.end_lineno - node.lineno >= LONGEST_FUNCTION
    }
    assert long == {}
