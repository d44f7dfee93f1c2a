"""Pages as HTML, with templates that an application can replace, or as JSON for scripts."""

import json
import mimetypes
from collections.abc import Mapping
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final

from hexclave.errors import HexclaveError, UnsafeUseError
from hexclave.sign_in._browser import Browser
from hexclave.sign_in._messages import Outcome, Redirect, Request, Response
from hexclave.sign_in._settings import Settings
from hexclave.sign_in._visit import Visit
from hexclave_api.operation import JsonValue

try:
    import jinja2
except ImportError as _missing:
    raise ImportError("The sign-in pages need Jinja: pip install 'hexclave[sign-in]'") from _missing

_HERE: Final = Path(__file__).parent
_STATIC: Final = _HERE / "static"
_HEADERS: Final = (
    ("cache-control", "no-store"),
    # The URLs of some pages contain codes. With `no-referrer`, browsers would send `Origin: null` with forms.
    ("referrer-policy", "same-origin"),
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
    ("cross-origin-opener-policy", "same-origin"),
)
_CSP: Final = (
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'; base-uri 'none'; "
    "frame-ancestors 'none'; form-action 'self'{}"
)
_UNAVAILABLE: Final = "This page is not available at the moment. Please try again in a minute."

_NAMES: Final = {"github": "GitHub", "gitlab": "GitLab", "linkedin": "LinkedIn"}
"""Providers whose names have more than one capital letter."""


class Renderer:
    """Turns outcomes into responses."""

    def __init__(self, settings: Settings) -> None:
        self._settings: Final = settings
        own = jinja2.FileSystemLoader(_HERE / "templates")
        self._environment: Final = jinja2.Environment(
            loader=jinja2.ChoiceLoader([*_loaders(settings), own]),
            autoescape=True,
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.filters["provider_name"] = lambda name: _NAMES.get(name, name.capitalize())

    def response(self, visit: Visit, outcome: Outcome) -> Response:
        if isinstance(outcome, Response):
            return outcome
        request = visit.request
        if isinstance(outcome, Redirect):
            if request.wants_json:
                return _json(HTTPStatus.OK, {"redirect": outcome.url})
            return Response(HTTPStatus.SEE_OTHER, [("location", outcome.url), *_HEADERS], b"")
        data = dict(outcome.data)
        token = visit.browser.csrf_token() if request.csrf is None else request.csrf[1]
        if request.wants_json:
            return _json(outcome.status, {"page": outcome.name, **data, **_shared(visit), "csrf_token": token})
        data.setdefault("problem", None)
        data.setdefault("field", None)
        data.setdefault("email", "")
        values = {
            **data,
            **_shared(visit),
            "notice": visit.browser.started.pop("notice", None),
            "csrf_field": "csrf_token" if request.csrf is None else request.csrf[0],
            "csrf_token": token,
            "next": visit.next,
            "next_query": visit.next_query,
            "page": visit.page_path,
        }
        has_providers = bool(visit.project.config.enabled_oauth_providers)
        # Forms for an OAuth provider lead to the API, then to a page of the provider.
        origins = f" https: {self._settings.api_origin}" if has_providers else ""
        return self._html(outcome.status, outcome.name, request, values, origins)

    def unavailable(self, browser: Browser, request: Request, error: HexclaveError) -> Response:
        """Return the response while the API does not answer. The browser keeps its session."""
        del browser, error
        status = HTTPStatus.SERVICE_UNAVAILABLE
        if request.wants_json:
            return _json(status, {"page": "unavailable", "problem": _UNAVAILABLE})
        base = f"{request.root_path}{self._settings.prefix}"
        values = {"problem": _UNAVAILABLE, "page": lambda name: f"{base}/{name}", "project": "", "notice": None}
        return self._html(status, "unavailable", request, values, "")

    def static(self, name: str) -> Response:
        """Return one of the files for the pages."""
        if name not in _FILES:
            return Response(HTTPStatus.NOT_FOUND, [("content-type", "text/plain")], b"")
        kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
        headers = [("content-type", f"{kind}; charset=utf-8"), ("cache-control", "public, max-age=3600")]
        return Response(HTTPStatus.OK, [*headers, ("x-content-type-options", "nosniff")], (_STATIC / name).read_bytes())

    def _html(self, status: int, name: str, request: Request, values: Mapping[str, Any], form_origins: str) -> Response:
        def translate(text: str) -> str:
            return self._settings.translate(text, request)

        template = self._environment.get_template(f"hexclave/{name}.html")
        body = template.render({**values, "_": translate})
        headers = [("content-type", "text/html; charset=utf-8"), ("content-security-policy", _CSP.format(form_origins))]
        return Response(int(status), [*headers, *_HEADERS], body.encode())


def _shared(visit: Visit) -> dict[str, JsonValue]:
    """Return what all pages show."""
    config, user = visit.project.config, visit.user
    return {
        "project": visit.project.display_name,
        "methods": {
            "sign_up": config.sign_up_enabled,
            "password": config.credential_enabled,
            "code": config.magic_link_enabled,
            "passkey": config.passkey_enabled,
            "providers": [each.id for each in config.enabled_oauth_providers],
            "delete": config.client_user_deletion_enabled,
        },
        "user": None if user is None else {"id": user.user_id, "email": user.email, "name": user.name},
    }


def _json(status: int, value: JsonValue) -> Response:
    return Response(status, [("content-type", "application/json"), *_HEADERS], json.dumps(value).encode())


def _loaders(settings: Settings) -> list[jinja2.BaseLoader]:
    given = settings.templates
    if given is None or isinstance(given, jinja2.BaseLoader):
        return [] if given is None else [given]
    if not Path(given).is_dir():
        raise UnsafeUseError(f"templates: {given} is not a directory.")
    return [jinja2.FileSystemLoader(given)]


_FILES: Final = frozenset(path.name for path in _STATIC.iterdir())
