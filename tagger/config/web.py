"""The settings of the gallery."""

from __future__ import annotations

from pathlib import Path

import platformdirs
from pydantic import Field
from pydantic_settings import BaseSettings

from tagger.config.types import APP, Address, AtLeastOne, Count, Network, Place


def default_web_folder() -> Path:
    """A folder beside the default database."""
    return Path(platformdirs.user_data_dir(APP)) / "web"


def default_web_cache() -> Path:
    """A folder that may be deleted at any time."""
    return Path(platformdirs.user_cache_dir(APP)) / "thumbnails"


class WebSettings(BaseSettings):
    """The part of `tagger.config.settings.Settings` that the gallery alone uses."""

    web: bool = Field(False, description="Serve the gallery as part of `tagger serve`.")
    web_listen: Address = Field("127.0.0.1:8470", description="Where the gallery listens.")
    web_folder: Place = Field(
        default_factory=default_web_folder, description="Folder of the password, the tokens and the share links."
    )
    web_cache: Place = Field(default_factory=default_web_cache, description="Folder of the thumbnails.")
    web_cache_bytes: AtLeastOne = Field(2_000_000_000, description="The most that the thumbnails may take.")
    web_thumbnails: bool = Field(False, description="Make thumbnails while photos are tagged.")
    web_hosts: tuple[str, ...] = Field((), description="Names under which others reach the gallery.")
    web_trusted_proxies: tuple[Network, ...] = Field((), description="Networks of proxies whose headers are believed.")
    web_proxy_user_header: str | None = Field(None, description="The header in which those proxies name the user.")
    web_tiles: str | None = Field(
        None,
        pattern=r"^https?://[^\s;'\"]+$",
        description="Address of the map's tiles; if unset, an outline is drawn.",
    )
    web_max_upload_bytes: AtLeastOne = Field(50_000_000, description="Larger uploads are refused.")
    web_rate_per_min: Count = Field(
        600, description="Photos that a client of another machine may send per minute; 0 means no limit."
    )
