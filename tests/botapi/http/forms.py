"""A call's parameters: from the query string, an urlencoded form, a multipart form or a JSON body."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from tests.botapi.http.wire import HttpRequest
from tests.botapi.methods.errors import bad_request


@dataclass(frozen=True, slots=True)
class Upload:
    """A file in a multipart form."""

    name: str
    mime_type: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Parameters:
    """The values by name; those of a form are text."""

    values: dict[str, Any] = field(default_factory=dict)
    files: dict[str, Upload] = field(default_factory=dict)

    def has(self, name: str) -> bool:
        return self.values.get(name) not in (None, "")

    def text(self, name: str) -> str:
        value = self.values.get(name, "")
        return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)

    def integer(self, name: str, default: int = 0) -> int:
        return int(self.number(name, default))

    def number(self, name: str, default: float = 0) -> float:
        try:
            return float(self.values[name]) if self.has(name) else default
        except (TypeError, ValueError):
            raise bad_request(f"{name} must be a number") from None

    def flag(self, name: str) -> bool:
        return self.text(name).strip().lower() in ("true", "yes", "1")

    def json(self, name: str, what: str | None = None) -> Any:
        """A value that is JSON inside a form; None if it is missing."""
        value = self.values.get(name)
        if not isinstance(value, str):
            return value
        try:
            return json.loads(value) if value else None
        except ValueError:
            raise bad_request(f"can't parse {what or name.replace('_', ' ')} JSON object") from None

    def upload(self, name: str) -> Upload | None:
        """The file under this name, or the one that its `attach://…` points to."""
        value = self.text(name)
        return self.files.get(value.removeprefix("attach://") if value.startswith("attach://") else name)


def parameters(request: HttpRequest) -> Parameters:
    values: dict[str, Any] = dict(parse_qsl(urlsplit(request.target).query, keep_blank_values=True))
    kind = request.headers.get("content-type", "")
    if kind.startswith("application/json"):
        return Parameters(values | _json_body(request.body))
    if kind.startswith("multipart/form-data"):
        fields, files = _multipart(request.body, kind)
        return Parameters(values | fields, files)
    form = request.body.decode("utf-8", "replace") if kind.startswith("application/x-www-form-urlencoded") else ""
    return Parameters(values | dict(parse_qsl(form, keep_blank_values=True)))


def _json_body(body: bytes) -> dict[str, Any]:
    try:
        value = json.loads(body or b"{}")
    except ValueError:
        value = None
    if not isinstance(value, dict):
        raise bad_request("can't parse the request's body as a JSON object")
    return value


def _multipart(body: bytes, content_type: str) -> tuple[dict[str, str], dict[str, Upload]]:
    boundary = re.search(r'boundary="?([^";]+)', content_type)
    if boundary is None:
        raise bad_request("can't find the boundary of the multipart form")
    fields, files = {}, {}
    for part in body.split(b"--" + boundary[1].encode())[1:-1]:
        head, _, content = part.partition(b"\r\n\r\n")
        content = content.removesuffix(b"\r\n")
        lines = head.decode("utf-8", "replace")
        name, filename = _quoted("name", lines), _quoted("filename", lines)
        if filename is None:
            fields[name or ""] = content.decode("utf-8", "replace")
        else:
            kind = re.search(r"(?im)^content-type:\s*(\S+)", lines)
            files[name or ""] = Upload(filename, kind[1] if kind else "application/octet-stream", content)
    return fields, files


def _quoted(key: str, head: str) -> str | None:
    found = re.search(rf'[;\s]{key}="([^"]*)"', head)
    return unquote(found[1]) if found else None
