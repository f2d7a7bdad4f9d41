"""Run `tagger` as `python -m tagger`."""

from __future__ import annotations

from tagger.cli import main

if __name__ == "__main__":
    main(prog_name="tagger")
