"""All settings. Defaults < TOML file < TAGGER_* in the environment < option on the command line.

A surface reads them once and passes them down as values.
"""

from __future__ import annotations

import hashlib
import json
import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

import platformdirs
from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError
from pydantic.fields import FieldInfo
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
    TomlConfigSettingsSource,
)

from tagger.config.types import (
    APP,
    Address,
    AddressOrOff,
    AtLeastOne,
    Count,
    Device,
    Place,
    Root,
    TimeOrOff,
    Times,
    Zone,
    how_to_write,
)
from tagger.config.web import WebSettings
from tagger.config.workers import WorkerSettings
from tagger.core.errors import ConfigError
from tagger.core.run_options import Limits, RunOptions
from tagger.core.text import did_you_mean, without_secrets

PREFIX = "TAGGER_"
CONFIG_VARIABLE = "TAGGER_CONFIG"  # names the TOML file; the only variable that is not a setting

_LIMITS = Limits()
_OPTIONS = RunOptions()

TELEGRAM = "https://api.telegram.org"


def default_db_url() -> str:
    """A SQLite file in the user's data folder."""
    return str(Path(platformdirs.user_data_dir(APP)) / "tagger.sqlite")


def default_bot_folder() -> Path:
    """A folder beside the default database."""
    return Path(platformdirs.user_data_dir(APP)) / "telegram"


class Jobs(BaseModel):
    """When each job runs (a time of day, five cron fields, or "off"), and other settings of jobs."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    nightly: Times = Field(default="02:00", description="When new photos in the folders are tagged.")
    until: TimeOrOff = Field(
        default="06:00", description="When nightly and retag stop; the next night continues from there."
    )
    retag: Times = Field(default="off", description="When undone photos, and those of other models, are tagged again.")
    backup: Times = Field(default="04:30", description="When the database is copied.")
    backup_folder: Place | None = Field(default=None, description="Folder of the copies; beside the database if unset.")
    backup_keep: AtLeastOne = Field(default=7, description="How many copies are kept.")
    prune: Times = Field(default="off", description="When the rows of files that have long been gone are removed.")
    prune_after_days: AtLeastOne = Field(default=90, description="How many days a file must have been gone for that.")
    canary: Times = Field(default="off", description="When the model is checked on known pictures.")
    canary_folder: Place | None = Field(default=None, description="The known pictures, one folder for each landmark.")
    digest: Times = Field(default="off", description="When the last day is summarised.")


class Settings(WebSettings, WorkerSettings):
    """All settings; each field's description documents it."""

    model_config = SettingsConfigDict(frozen=True, extra="forbid", env_prefix=PREFIX, env_nested_delimiter="__")

    db_url: str = Field(default_factory=default_db_url, description="Database URL, or the path of a SQLite file.")
    bundle: Place | None = Field(None, description="Model folder; the shipped one if unset.")
    engine: Literal["auto", "openvino", "torch"] = Field("auto", description="Runtime.")
    device: Device = Field(
        "auto", description="auto, cpu, cuda or cuda:N. Asking for CUDA where there is none is an error."
    )
    precision: Literal["auto", "float32", "bfloat16", "float16"] = Field("auto", description="Number format.")
    top_k: AtLeastOne = Field(5, description="Suggestions kept for each photo.")
    min_score: Annotated[float, Field(ge=0, le=1)] = Field(
        _OPTIONS.min_score, description="A tag needs at least this score, besides its landmark's own threshold."
    )
    include: tuple[str, ...] = Field((), description="Only files that match one of these globs.")
    exclude: tuple[str, ...] = Field((), description="Leave out files and folders that match one of these globs.")
    skip_folders: tuple[str, ...] = Field(
        tuple(_OPTIONS.skip_folders), description="Folders of programs and devices to skip, by name."
    )
    decode_threads: AtLeastOne = Field(_LIMITS.threads, description="How many photos are decoded at the same time.")
    max_pixels: AtLeastOne = Field(
        _LIMITS.max_pixels,
        description="Photos with more pixels, or that need more bytes than 3.4 times this, fail.",
    )
    max_file_bytes: AtLeastOne = Field(_LIMITS.max_file_bytes, description="Larger files fail and are not read.")
    photo_timeout_s: Annotated[float, Field(gt=0, le=86_400)] = Field(
        60.0, description="A photo that takes longer to decode fails."
    )
    retry_after_h: Annotated[float, Field(gt=0, le=8_760)] = Field(
        _OPTIONS.retry_after_h, description="Hours until a failed file is tried again; doubles after each attempt."
    )
    max_attempts: AtLeastOne = Field(_OPTIONS.max_attempts, description="Attempts until a file is in quarantine.")
    max_gone_share: Annotated[float, Field(gt=0, le=1)] = Field(
        _OPTIONS.max_missing_share, description="If more of a folder is missing, none of it counts as gone."
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="Lowest level that is logged.")
    vote_gap_min: Annotated[float, Field(ge=0)] = Field(
        _OPTIONS.vote_gap_min,
        description="Photos taken within this many minutes may vote on one between them; 0: off.",
    )
    log_format: Literal["text", "json"] = Field("text", description="The log as text for people, or as JSON lines.")

    folders: tuple[Place, ...] = Field((), description="Folders that the nightly job tags and serve watches.")
    timezone: Zone | None = Field(None, description="Time zone of jobs and listings; the machine's if unset.")
    watch_settle_s: Annotated[float, Field(gt=0)] = Field(5.0, description="How long a new file must stay unchanged.")
    metrics_listen: AddressOrOff = Field("127.0.0.1:9464", description="Address of /metrics and /health.")
    xmp: Literal["off", "confirmed", "tags"] = Field(
        "off", description="What nightly writes into XMP sidecars: nothing, confirmed landmarks, or all tags."
    )
    xmp_lang: str = Field("en", description="Language of the names that are written into XMP, such as de.")
    jobs: Jobs = Field(Jobs(), description="When the jobs run.")

    bot_token: SecretStr | None = Field(None, description="The bot's token; better in the environment than in a file.")
    bot_token_file: Place | None = Field(None, description="A file that contains the token, instead of bot_token.")
    bot_api_url: Root = Field(TELEGRAM, description="Root URL of the Bot API server.")
    bot_api_files: Place | None = Field(None, description="The folder where a local Bot API server stores files.")
    bot_allow: tuple[int, ...] = Field((), description="Only these users and chats, by number; all if empty.")
    bot_quiet_groups: tuple[int, ...] = Field((), description="Groups in which photos are answered with reactions.")
    bot_daily_limit: Count = Field(0, description="Photos a person may send per day; 0 means no limit.")
    bot_admin_chat: int | None = Field(None, description="The chat that may ask for /health and /runs.")
    bot_trust: tuple[int, ...] | Literal["allowed"] | None = Field(
        None, description="Whose decisions count for the library; 'allowed': all of bot_allow; unset: the admin chat."
    )
    bot_report_runs: bool = Field(False, description="Tell the admin chat how each run over the library ended.")
    bot_keep_photos: bool = Field(False, description="Keep photos after answering them.")
    bot_folder: Place = Field(default_factory=default_bot_folder, description="Photos in progress, and kept ones.")
    bot_webhook_url: str | None = Field(None, description="A public https address; with it the bot does not poll.")
    bot_webhook_secret: SecretStr | None = Field(None, description="The secret that each webhook call must carry.")
    bot_webhook_listen: Address = Field("127.0.0.1:8443", description="Where the webhook server listens.")
    bot_gather_ms: Count = Field(5, description="How long photos of all chats are collected into one batch.")
    bot_album_ms: Count = Field(700, description="How long an album waits for its next photo.")
    bot_max_per_s: Count | None = Field(None, description="Messages per second; 0 means that the bot sets no limit.")

    def fingerprint(self) -> str:
        """A short hash of all settings except the secrets."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()[:12]

    def zone(self) -> ZoneInfo | None:
        """The time zone; None for the machine's own."""
        return ZoneInfo(self.timezone) if self.timezone else None

    def limits(self) -> Limits:
        """The limits of the work on one photo."""
        return Limits(self.max_pixels, self.max_file_bytes, self.decode_threads)

    def run_options(self) -> RunOptions:
        """The options of a run from the settings."""
        return RunOptions(
            k=self.top_k,
            min_score=self.min_score,
            include=self.include,
            exclude=self.exclude,
            skip_folders=self.skip_folders,
            retry_after_h=self.retry_after_h,
            max_attempts=self.max_attempts,
            max_missing_share=self.max_gone_share,
            vote_gap_min=self.vote_gap_min,
        )


def fields() -> dict[str, FieldInfo]:
    """Every setting by name; those of the table `jobs` as ``jobs.nightly``."""
    nested = {f"jobs.{name}": field for name, field in Jobs.model_fields.items()}
    return {name: field for name, field in Settings.model_fields.items() if name != "jobs"} | nested


def variable_of(name: str) -> str:
    """The environment variable of a setting, such as TAGGER_TOP_K or TAGGER_JOBS__NIGHTLY."""
    return PREFIX + name.upper().replace(".", "__")


SECRETS = frozenset(name for name, field in Settings.model_fields.items() if "Secret" in str(field.annotation))


def load_settings(options: Mapping[str, Any], config_file: Path | None = None) -> Settings:
    """Read the settings from all their sources.

    Args:
        options: from the command line; None means that an option was not given.
        config_file: TOML; None means TAGGER_CONFIG, else the user's own file if there is one.

    Raises:
        ConfigError: a key is unknown or a value cannot be used; the message names its source and the nearest key.
    """
    file = settings_file(config_file)
    _check_environment()

    class Sources(Settings):
        @classmethod
        def settings_customise_sources(  # type: ignore[override]
            cls, settings_cls: type[BaseSettings], **sources: PydanticBaseSettingsSource
        ) -> tuple[PydanticBaseSettingsSource, ...]:
            toml = TomlConfigSettingsSource(settings_cls, file)
            return (sources["init_settings"], sources["env_settings"], toml)

    try:
        return Sources(**{key: value for key, value in options.items() if value is not None})
    except ValidationError as error:
        raise ConfigError(_describe(error, options, file)) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{file} is not a TOML file: {error}") from error
    except SettingsError as error:
        raise ConfigError(_describe_json(error)) from error


def settings_file(config_file: Path | None) -> Path | None:
    """The settings file; None if no file is named and the user has none.

    Raises:
        ConfigError: the file does not exist or cannot be read.
    """
    variable = os.environ.get(CONFIG_VARIABLE)
    named = config_file or (Path(variable).expanduser() if variable else None)
    file = named or Path(platformdirs.user_config_dir(APP)) / "tagger.toml"
    try:
        if file.is_file():
            file.open("rb").close()
            return file
    except OSError as error:
        raise ConfigError(
            f"{file} cannot be read ({error.strerror}). "
            f"Make it readable for the user who runs this, or name another file: --config or {CONFIG_VARIABLE}."
        ) from error
    if named is not None:
        raise ConfigError(f"The settings file {file} does not exist. Check --config and {CONFIG_VARIABLE}.")
    return None


def _check_environment() -> None:
    """Raise an error for a misspelt variable instead of ignoring it."""
    variables = {variable_of(name) for name in (*fields(), "jobs")} | {CONFIG_VARIABLE}
    for variable in os.environ:
        if variable.startswith(PREFIX) and variable not in variables:
            raise ConfigError(f"{variable} in the environment is not a setting.{did_you_mean(variable, variables)}")


def _describe(error: ValidationError, options: Mapping[str, Any], file: Path | None) -> str:
    first = error.errors()[0]
    key = ".".join(map(str, first["loc"][:2] if first["loc"][0] == "jobs" else first["loc"][:1]))
    source = _source(key, options, file)
    if first["type"] == "extra_forbidden":
        return f"{source}: {key!r} is not a setting.{did_you_mean(key, fields())}"
    value = without_secrets(first["input"]) if isinstance(first["input"], str) else first["input"]
    is_literal = isinstance(value, str | int | float | list | dict | None)
    shown = "its present value" if key in SECRETS else repr(value) if is_literal else str(value)  # dates as in the file
    advice = how_to_write(first["type"], value, first.get("ctx", {}), first["msg"])
    return f"{source}: the setting {key!r} cannot be {shown}: {advice}"


def _source(key: str, options: Mapping[str, Any], file: Path | None) -> str:
    """The source of a value, for error messages."""
    if options.get(key) is not None:
        return "option"
    if (variable := variable_of(key)) in os.environ:
        return variable
    table, _, name = key.partition(".")
    if name and f'"{name}"' in os.environ.get(variable_of(table), ""):
        return variable_of(table)
    return str(file) if file else "the environment"


def _describe_json(error: SettingsError) -> str:
    """Explain invalid JSON in the environment: the error names the field, but not the value."""
    key = next((name for name in Settings.model_fields if f'"{name}"' in str(error)), "folders")
    variable = variable_of(key)
    value = without_secrets(os.environ.get(variable, ""))
    kind, example = ("table", {"nightly": "02:00"}) if key == "jobs" else ("list", [value])
    return (
        f"{variable}: the setting {key!r} cannot be {value!r}: "
        f"in the environment a {kind} is JSON, as {variable}='{json.dumps(example)}'"
    )
