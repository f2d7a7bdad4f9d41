"""Runs one benchmark, or all of them as the page docs/BENCHMARKS.md.

python -m benchmarks --list
python -m benchmarks NAME [options]
LANDMARK_DATA=… python -m benchmarks > docs/BENCHMARKS.md
"""

from __future__ import annotations

import argparse
import ast
import importlib
import inspect
import os
import platform
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType

HERE = Path(__file__).parent
FOLDERS = ("accuracy", "speed", "memory", "kills")
BENCHMARKS = {file.stem: file for folder in FOLDERS for file in sorted((HERE / folder).glob("[a-z]*.py"))}
# Not part of the page: the first two compare checkouts, the others' figures are in docs/SCALE.md.
TOOLS = {name: HERE / f"{name}.py" for name in ("versus", "trip", "claim_queue", "gpu", "library_size")}
ALL = BENCHMARKS | TOOLS

INTRODUCTION = """# Benchmarks

`LANDMARK_DATA=… python -m benchmarks > docs/BENCHMARKS.md` makes this page; each block is the output of its command, on
the machine that it names. LANDMARK_DATA is the folder that [CONTRIBUTING.md](../CONTRIBUTING.md) describes. Seconds and
photos/s are this machine's; only the ratios carry over.
"""


def main(name: str = "", *options: str) -> int | None:
    if not name:
        print_page()
    elif name == "--list":
        print_list()
    elif name in ALL:
        return run(name, options)
    else:
        sys.exit(f"{__doc__}\nBenchmarks: {', '.join(ALL)}.")
    return None


def load(name: str) -> ModuleType:
    return importlib.import_module(".".join(ALL[name].relative_to(HERE.parent).with_suffix("").parts))


def question(name: str) -> str:
    """A benchmark's docstring, without importing it."""
    return ast.get_docstring(ast.parse(ALL[name].read_text())) or ""


def print_list() -> None:
    for name in ALL:
        print(f"{name:13} {question(name).splitlines()[0]}")


def print_page() -> None:
    print(INTRODUCTION)
    for name in BENCHMARKS:
        print(f"{name} …", file=sys.stderr)
        command = [sys.executable, "-m", "benchmarks", name]  # its own process, with fresh memory and threads
        printed = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout.rstrip()
        print(f"## {name}\n\n{question(name)}\n\n```\n{printed}\n```\n", flush=True)


def run(name: str, arguments: Sequence[str]) -> int | None:
    """Print the command and the machine class, then call the benchmark's `main` with its options.

    Each parameter with a default is an option of its type; remaining arguments go to the parameters without one.
    """
    signature = inspect.signature(benchmark := load(name).main)
    parser = argparse.ArgumentParser(
        prog=f"python -m benchmarks {name}",
        description=question(name),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    for parameter in signature.parameters.values():
        default = parameter.default
        if isinstance(default, tuple):
            parser.add_argument(f"--{parameter.name}", type=type(default[0]), nargs="+", default=default)
        elif default is not parameter.empty:
            parser.add_argument(f"--{parameter.name}", type=type(default), default=default)
    options, rest = parser.parse_known_args(arguments)
    data = {"data": landmark_data()} if "data" in signature.parameters else {}
    try:
        call = signature.bind(*rest, **data, **vars(options))
    except TypeError as error:
        parser.error(str(error))
    print(f"command  python -m benchmarks {' '.join((name, *arguments))}")
    print(f"machine  {processor()}, {len(os.sched_getaffinity(0))} cores, Python {platform.python_version()}\n")
    result: int | None = benchmark(*call.args, **call.kwargs)
    return result


def landmark_data() -> Path:
    if not (data := os.environ.get("LANDMARK_DATA")):
        sys.exit("Set LANDMARK_DATA to the folder of photos.")
    return Path(data)


def processor() -> str:
    """The processor's name, and whether it multiplies in bfloat16, which the network runs several times as fast in."""
    info = Path("/proc/cpuinfo").read_text() if Path("/proc/cpuinfo").exists() else ""
    names = [line.split(":", 1)[1].strip() for line in info.splitlines() if line.startswith("model name")]
    name = names[0] if names else platform.processor() or platform.machine()
    return f"{name} with bfloat16" if re.search(r"\b(avx512_bf16|amx_bf16)\b", info) else name


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
