"""Where a setting comes from, and what the error about a wrong one says."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from tagger.config.settings import fields, load_settings
from tagger.core.errors import ConfigError


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


def test_a_settings_file_that_may_not_be_read_is_named(
    toml: Path, public_folder: Path, without_privileges: Callable[[], AbstractContextManager[None]]
) -> None:
    secret = public_folder / "secret.toml"
    secret.write_text("top_k = 1")
    secret.chmod(0)
    toml.parent.chmod(0)
    for file in (toml, secret):
        with without_privileges(), pytest.raises(ConfigError, match=rf"{file.name} cannot be read .*--config"):
            load_settings({}, file)
    toml.parent.chmod(0o700)


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
    ("text", "sentence"),
    [
        ('[jobs]\nnigthly = "02:00"', r"tagger\.toml: 'jobs\.nigthly' is not a setting.*'jobs\.nightly'"),
        ('[jobs]\nnightly = "2 am"', r"tagger\.toml: the setting 'jobs\.nightly' cannot be '2 am'.*five cron fields"),
        ('[jobs]\nuntil = "0 6 * * *"', "06:00"),
        ('timezone = "Berlin"', "'timezone' cannot be 'Berlin'.*Europe/Berlin"),
        ("watch_settle_s = 0", "watch_settle_s"),
        ('metrics_listen = "9464"', "metrics_listen"),
    ],
)
def test_a_time_or_zone_that_is_none_is_named(toml: Path, text: str, sentence: str) -> None:
    toml.write_text(text)
    with pytest.raises(ConfigError, match=sentence):
        load_settings({})


def test_a_misspelt_variable_of_the_jobs_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TAGGER_JOBS__NIGTHLY", "02:00")
    with pytest.raises(ConfigError, match=r"TAGGER_JOBS__NIGTHLY.*TAGGER_JOBS__NIGHTLY"):
        load_settings({})


def test_a_time_zone_outside_of_the_zones_folder_is_refused(toml: Path) -> None:
    toml.write_text('timezone = "../../etc/passwd"')
    with pytest.raises(ConfigError, match="timezone"):
        load_settings({})


def test_folders_of_workers_may_end_with_a_slash(toml: Path) -> None:
    toml.write_text('worker_paths = ["/volume1/photo/=/mnt//photos/"]')
    settings = load_settings({})
    assert settings.path_map() == {"/volume1/photo": "/mnt/photos"}


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


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ('folders = "/home/x"', """'folders' cannot be '/home/x': write a list, as ["/home/x"]"""),
        ("bot_allow = 7", "'bot_allow' cannot be 7: write a list, as [7]"),
        ("folders = [7]", "'folders' cannot be 7: write it in quotes"),
        ('metrics_listen = "9464"', "'metrics_listen' cannot be '9464': write host and port as 127.0.0.1:9464, or off"),
        ('bot_api_url = "x"', "'bot_api_url' cannot be 'x': write an address as https://api.telegram.org"),
        ('device = "gpu"', "'device' cannot be 'gpu': write auto, cpu, cuda or cuda:0"),
        ('engine = "onnx"', "'engine' cannot be 'onnx': write 'auto', 'openvino' or 'torch'"),
        ("top_k = 0", "'top_k' cannot be 0: write 1 or more"),
        ('top_k = "x"', "'top_k' cannot be 'x': write a whole number"),
        ("max_gone_share = 2", "'max_gone_share' cannot be 2: write 1 or less"),
        ("watch_settle_s = 0", "'watch_settle_s' cannot be 0: write more than 0"),
        ('bot_keep_photos = "x"', "'bot_keep_photos' cannot be 'x': write true or false"),
        ("timezone = 1", "'timezone' cannot be 1: write it in quotes"),
        ("db_url = 2026-11-22", "'db_url' cannot be 2026-11-22: write it in quotes"),
        ('jobs = "x"', "'jobs' cannot be 'x': write a table, [jobs], with a line for each job"),
        ("[jobs]\nnightly = 02:00:00", """'jobs.nightly' cannot be 02:00:00: write it in quotes: "02:00", five cron"""),
        ("[jobs]\nuntil = false", "'jobs.until' cannot be False: write it in quotes"),
        ("bot_token = 1", "'bot_token' cannot be its present value: write it in quotes"),
    ],
)
def test_what_is_said_of_a_wrong_value_is_how_a_right_one_is_written(toml: Path, text: str, sentence: str) -> None:
    toml.write_text(text)
    with pytest.raises(ConfigError, match=re.escape(f"{toml}: the setting {sentence}")):
        load_settings({})


@pytest.mark.parametrize(
    ("variable", "value", "sentence"),
    [
        ("TAGGER_FOLDERS", "/home/x", """TAGGER_FOLDERS='["/home/x"]'"""),
        ("TAGGER_FOLDERS", "7", "'folders' cannot be 7: write a list, as [7]"),
        ("TAGGER_JOBS", "02:00", """TAGGER_JOBS='{"nightly": "02:00"}'"""),
        ("TAGGER_JOBS", '{"nightly": "x"}', "TAGGER_JOBS: the setting 'jobs.nightly' cannot be 'x': 'x' is not a time"),
        (
            "TAGGER_JOBS",
            '{"nigthly": "x"}',
            "TAGGER_JOBS: 'jobs.nigthly' is not a setting. Did you mean 'jobs.",
        ),
    ],
)
def test_a_wrong_variable_is_named_with_how_it_is_written(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str, sentence: str
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(ConfigError, match=re.escape(sentence)) as raised:
        load_settings({})
    assert str(raised.value).startswith(f"{variable}: ")


def test_off_may_be_written_as_people_write_it(toml: Path) -> None:
    toml.write_text('metrics_listen = "Off"\n[jobs]\nnightly = "OFF"\nuntil = " Off"\nbackup = "30 1 * * MON"')
    settings = load_settings({})
    assert (settings.metrics_listen, settings.jobs.nightly, settings.jobs.until) == ("off", "off", "off")
    assert settings.jobs.backup == "30 1 * * mon"
