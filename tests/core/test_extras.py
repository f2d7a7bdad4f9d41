"""The command that a message names to add an extra works for the installation that runs."""

from __future__ import annotations

import importlib.metadata
import json
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from tagger.core.extras import PROJECT, install_command

BOT = ["aiohttp>=3.10; extra == 'bot'", "babel<3,>=2.14; extra == 'bot'"]


def installed_from(place: Path | None, monkeypatch: pytest.MonkeyPatch, *, is_editable: bool = False) -> None:
    origin = json.dumps({"url": place.as_uri(), "dir_info": {"editable": is_editable}}) if place else None
    installed = SimpleNamespace(requires=["numpy", *BOT, "watchdog; extra == 'watch'"], read_text=lambda _name: origin)
    monkeypatch.setattr(importlib.metadata, "distribution", lambda _name: installed)
    monkeypatch.setattr(sys, "executable", "/my env/bin/python")


def test_a_source_folder_is_installed_again_with_the_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    installed_from(tmp_path, monkeypatch)
    assert install_command("bot") == f"'/my env/bin/python' -m pip install '{tmp_path}[bot]'"
    installed_from(tmp_path, monkeypatch, is_editable=True)
    assert install_command("bot") == f"'/my env/bin/python' -m pip install --editable '{tmp_path}[bot]'"


def test_the_project_s_own_environment_has_a_make_target(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "Makefile").touch()
    installed_from(tmp_path, monkeypatch, is_editable=True)
    monkeypatch.setattr(sys, "prefix", str(tmp_path / ".venv"))
    assert install_command("bot") == f"make -C {tmp_path} extras EXTRAS=bot"


def test_without_the_source_the_extra_s_own_requirements_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for place in (None, tmp_path / "a wheel that was deleted.whl"):
        installed_from(place, monkeypatch)
        command = "'/my env/bin/python' -m pip install 'aiohttp>=3.10' 'babel<3,>=2.14'"
        assert install_command("bot") == command


def test_an_environment_without_pip_is_filled_by_another_pip(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    installed_from(tmp_path, monkeypatch)
    monkeypatch.setattr("tagger.core.extras.find_spec", lambda _name: None)
    assert install_command("bot") == f"pip --python '/my env/bin/python' install '{tmp_path}[bot]'"


def test_a_checkout_that_was_never_installed_names_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(_name: str) -> None:
        raise importlib.metadata.PackageNotFoundError

    monkeypatch.setattr(importlib.metadata, "distribution", missing)
    assert f"{PROJECT}[bot]" in install_command("bot")
