"""Values that options choose from. They are written out, since importing those of the settings slows down `--help`."""

from __future__ import annotations

import re

import click

ENGINE = click.Choice(["auto", "openvino", "torch"])
PRECISION = click.Choice(["auto", "float32", "bfloat16", "float16"])
EXPORT_FORMAT = click.Choice(["csv", "json", "ndjson", "parquet", "geojson", "kml", "gpx", "html"])
STRICT_SCORE = 0.8
TOP_K = click.IntRange(1, 1_000_000)
LIMIT = click.IntRange(1, 1_000_000_000)
ID = click.IntRange(1, 2**63 - 1)  # of a row


def device(_ctx: click.Context, _param: click.Parameter, value: str | None) -> str | None:
    """Check the name of a device."""
    if value is not None and not re.fullmatch(r"auto|cpu|cuda(:\d+)?", value):
        raise click.BadParameter(f"{value!r} is not a device. Write auto, cpu, cuda or cuda:0.")
    return value


def devices(_ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[str]:
    """Complete the name of a device."""
    return [name for name in ("auto", "cpu", "cuda", "cuda:0") if name.startswith(incomplete)]
