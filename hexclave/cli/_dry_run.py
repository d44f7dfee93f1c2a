"""`--dry-run`: the request that a command would send, without its secrets."""

import json
import re
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any, Final, NoReturn
from urllib.parse import parse_qsl, urlsplit

from hexclave.credentials import HEADERS
from hexclave_api.secret import Secret

if TYPE_CHECKING:
    from hexclave.transport import Reply, Request

_SECRET_HEADERS: Final = frozenset(HEADERS[name] for name in HEADERS if name.endswith(("_key", "_token"))) | {
    "authorization",
    "x-stack-random-nonce",
}
_SECRET_FIELD: Final = re.compile(
    r"(^|_)(password|passwd|secret|token|code|key|hash|otp)s?($|_)|[a-z](Password|Secret|Token|Key)$"
)


class NotSent(BaseException):
    """The request of a dry run. Not an `Exception`, so that no retry or handler takes it for a failure."""

    def __init__(self, request: "Request") -> None:
        super().__init__()
        self.request = request


class DryTransport:
    """A transport that sends nothing."""

    def send(self, request: "Request", deadline: float | None) -> "Reply":
        """Raise `NotSent`."""
        del deadline
        self._stop(request)

    def _stop(self, request: "Request") -> NoReturn:
        raise NotSent(request)

    def close(self) -> None:
        """Do nothing."""


def described(request: "Request", secrets: Collection[Secret]) -> dict[str, Any]:
    """Return the request as JSON, with secrets masked: keys, tokens, the given ones, and fields with such names."""
    texts = {secret.reveal(): str(secret) for secret in secrets}
    url = request.url
    for text, mask in texts.items():
        url = url.replace(text, mask)
    headers = {
        name: str(Secret(value)) if name in _SECRET_HEADERS and value else texts.get(value, value)
        for name, value in request.headers.items()
    }
    found: dict[str, Any] = {"method": request.method, "url": url, "headers": headers}
    if request.content:
        found["body"] = _masked(_decoded(request), texts)
    return found


def _decoded(request: "Request") -> Any:
    text = (request.content or b"").decode("utf-8", "replace")
    if "form" in request.headers.get("content-type", ""):
        return dict(parse_qsl(text))
    try:
        return json.loads(text)
    except ValueError:
        return text


def _masked(value: Any, texts: Mapping[str, str], name: str = "") -> Any:
    if isinstance(value, dict):
        return {key: _masked(item, texts, key) for key, item in value.items()}
    if isinstance(value, list):
        return [_masked(item, texts, name) for item in value]
    if isinstance(value, str):
        if value in texts:
            return texts[value]
        return str(Secret(value)) if value and _SECRET_FIELD.search(name) else value
    return value


def request_lines(found: Mapping[str, Any]) -> list[str]:
    """Return a described request as a person reads it."""
    target = urlsplit(found["url"])
    lines = [
        f"{found['method']} {target.scheme}://{target.netloc}{target.path}"
        + (f"?{target.query}" if target.query else "")
    ]
    lines += [f"{name}: {value}" for name, value in found["headers"].items()]
    if "body" in found:
        lines += ["", json.dumps(found["body"], indent=2, ensure_ascii=False)]
    return lines
