"""All benchmarks, one after the other, as the page docs/BENCHMARKS.md.

LANDMARK_DATA=… python -m benchmarks > docs/BENCHMARKS.md
"""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

ORDER = (
    "accuracy",
    "throughput",
    "startup",
    "memory",
    "rescan",
    "unchanged",
    "decoders",
    "copies",
    "queries",
    "killed",
    "night_killed",
    "day",
    "bot",
    "bot_client",
    "bot_killed",
)

INTRODUCTION = """# Benchmarks

Made by `LANDMARK_DATA=… python -m benchmarks > docs/BENCHMARKS.md`; each block is what its command printed, on the
machine that it names. LANDMARK_DATA is the folder that [CONTRIBUTING.md](../CONTRIBUTING.md) describes. Seconds and
photos/s are this machine's; the ratios are what carries over.
"""


def section(name: str) -> str:
    """A benchmark's question as a heading, then what it printed."""
    print(f"{name} …", file=sys.stderr)
    done = subprocess.run([sys.executable, "-m", f"benchmarks.{name}"], stdout=subprocess.PIPE, text=True, check=True)
    about = ast.get_docstring(ast.parse((Path(__file__).parent / f"{name}.py").read_text())) or ""
    text = "\n\n".join(part for part in about.split("\n\n") if "python -m benchmarks" not in part)
    return f"## {name}\n\n{text}\n\n```\n{done.stdout.rstrip()}\n```\n"


if __name__ == "__main__":
    print(INTRODUCTION)
    for each in ORDER:
        print(section(each), flush=True)
