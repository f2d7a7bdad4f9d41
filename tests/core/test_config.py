"""Where a setting comes from, and what is said about one that is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from tagger.config import fields, load_settings
from tagger.errors import ConfigError


@pytest.fixture
def toml(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    file = tmp_path / "tagger.toml"
    file.write_text('top_k = 3\nengine = "openvino"\nexclude = ["thumbs"]\n')
    monkeypatch.setenv("TAGGER_CONFIG", str(file))
    return file


@pytest.mark.usefixtures("toml")
def test_options_beat_the_environment_which_beats_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TAGGER_TOP_K", "4")
    monkeypatch.setenv("TAGGER_MAX_PIXELS", "1000")
    settings = load_settings({"max_pixels": 2000, "top_k": None})
    assert (settings.exclude, settings.engine) == (("thumbs",), "openvino")
    assert (settings.top_k, settings.max_pixels) == (4, 2000)


@pytest.mark.usefixtures("toml")
def test_a_named_file_beats_the_variable(tmp_path: Path) -> None:
    (tmp_path / "other.toml").write_text("top_k = 9")
    assert load_settings({}, tmp_path / "other.toml").top_k == 9


def test_an_unknown_key_names_the_file_and_the_nearest_key(toml: Path) -> None:
    toml.write_text("decode_thread = 3")
    with pytest.raises(ConfigError, match=r"tagger\.toml.*'decode_thread'.*'decode_threads'"):
        load_settings({})


def test_a_misspelt_variable_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TAGGER_DB_ULR", "sqlite:///x")
    with pytest.raises(ConfigError, match=r"TAGGER_DB_ULR.*TAGGER_DB_URL"):
        load_settings({})


@pytest.mark.parametrize("options", [{"top_k": 0}, {"device": "gpu"}, {"engine": "tensorflow"}, {"top_k": "many"}])
def test_a_value_that_cannot_be_is_named(options: dict[str, object]) -> None:
    key, value = next(iter(options.items()))
    with pytest.raises(ConfigError, match=f"{key!r}.*{value!r}"):
        load_settings(options)


def test_a_bad_value_names_where_it_came_from(toml: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    toml.write_text('top_k = "many"')
    with pytest.raises(ConfigError, match=r"tagger\.toml: the setting 'top_k'"):
        load_settings({})
    monkeypatch.setenv("TAGGER_TOP_K", "0")
    with pytest.raises(ConfigError, match=r"TAGGER_TOP_K: the setting"):
        load_settings({})
    monkeypatch.setenv("TAGGER_INCLUDE", "*.jpg")
    with pytest.raises(ConfigError, match="a list is JSON"):
        load_settings({"top_k": 1})


def test_a_settings_file_that_is_no_toml_is_named(toml: Path) -> None:
    toml.write_text("top_k = = 3")
    with pytest.raises(ConfigError, match=r"tagger\.toml"):
        load_settings({})


def test_a_settings_file_that_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"none\.toml"):
        load_settings({}, tmp_path / "none.toml")


@pytest.mark.usefixtures("toml")
def test_settings_do_not_change_afterwards() -> None:
    settings = load_settings({})
    with pytest.raises(ValueError, match="frozen"):
        settings.top_k = 1


def test_the_table_of_jobs_and_its_variables_are_laid_over_one_another(
    toml: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    toml.write_text('[jobs]\nnightly = "30 1 * * mon-fri"\nbackup_keep = 3')
    monkeypatch.setenv("TAGGER_JOBS__BACKUP_KEEP", "5")
    jobs = load_settings({}).jobs
    assert (jobs.nightly, jobs.until, jobs.backup_keep) == ("30 1 * * mon-fri", "06:00", 5)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[jobs]\nnigthly = "02:00"', r"tagger\.toml: 'jobs\.nigthly' is no setting.*'jobs\.nightly'"),
        ('[jobs]\nnightly = "2 am"', r"tagger\.toml: the setting 'jobs\.nightly' cannot be '2 am'.*five cron fields"),
        ('[jobs]\nuntil = "0 6 * * *"', "06:00"),
        ('timezone = "Berlin"', "'timezone' cannot be 'Berlin'.*Europe/Berlin"),
        ("watch_settle_s = 0", "watch_settle_s"),
        ('metrics_listen = "9464"', "metrics_listen"),
    ],
)
def test_a_time_or_zone_that_is_none_is_named(toml: Path, text: str, said: str) -> None:
    toml.write_text(text)
    with pytest.raises(ConfigError, match=said):
        load_settings({})


def test_a_misspelt_variable_of_the_jobs_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TAGGER_JOBS__NIGTHLY", "02:00")
    with pytest.raises(ConfigError, match=r"TAGGER_JOBS__NIGTHLY.*TAGGER_JOBS__NIGHTLY"):
        load_settings({})


def test_a_time_zone_outside_of_the_zones_folder_is_refused(toml: Path) -> None:
    toml.write_text('timezone = "../../etc/passwd"')
    with pytest.raises(ConfigError, match="timezone"):
        load_settings({})


def test_a_path_may_begin_at_home(toml: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("TAGGER_BOT_FOLDER", "~/bot")
    toml.write_text('folders = ["~/Pictures", "/srv/~"]\nbundle = "~/model"\n[jobs]\nbackup_folder = "~/backups"')
    settings = load_settings({})
    assert settings.folders == (tmp_path / "Pictures", Path("/srv/~"))
    assert (settings.bundle, settings.bot_folder) == (tmp_path / "model", tmp_path / "bot")
    assert settings.jobs.backup_folder == tmp_path / "backups"
    monkeypatch.setenv("TAGGER_CONFIG", f"~/{toml.name}")
    assert load_settings({}).folders == settings.folders


def test_every_path_may_begin_at_home() -> None:
    types = {name: str((field.annotation, field.metadata)) for name, field in fields().items()}
    paths = [name for name, declared in types.items() if "Path" in declared]
    assert len(paths) >= 5
    assert [name for name in paths if "_at_home" not in types[name]] == []


def test_the_home_of_nobody_is_no_traceback(toml: Path) -> None:
    toml.write_text('folders = ["~nobody-of-this-name/Pictures"]')
    with pytest.raises(ConfigError, match="whole path"):
        load_settings({})
