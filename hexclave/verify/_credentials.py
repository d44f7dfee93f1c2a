"""Extraction of credentials from a request."""

import base64
import json
from typing import Any, Final, Literal, TypeAlias

import attrs

from hexclave._request_headers import header_values
from hexclave.api_keys import looks_like_api_key
from hexclave.errors import UnsafeUseError
from hexclave.tokens import Tokens
from hexclave.verify._cookies import tokens_in_cookies
from hexclave.verify._errors import MalformedTokenError
from hexclave.verify._jws import LONGEST
from hexclave_api.secret import Secret

Source: TypeAlias = Literal["authorization", "x-stack-access-token", "x-stack-auth", "x-api-key", "cookie"]

_ACCESS_TOKEN: Final = ("x-hexclave-access-token", "x-stack-access-token")
_HEADERS: Final = frozenset({"authorization", *_ACCESS_TOKEN, "x-stack-auth", "x-api-key", "cookie"})
_PREFIXES: Final = ("stackauth_", "hexclave_")
_LONGEST_PAIR: Final = 3 * LONGEST


@attrs.frozen
class Found:
    """The first credentials of a request; others are ignored, even if these are invalid."""

    source: Source
    tokens: Tokens | None = None
    api_key: Secret | None = None


def find_credentials(request: object, project_id: str, *, cookies: bool, api_keys: bool) -> Found | None:
    """Return the credentials of a request, searched in this order, or `None` if there are none.

    1. `Authorization: Bearer` with an access token, with both tokens as the SDKs pack them, or with an API key
    2. `x-hexclave-access-token`, `x-stack-access-token`
    3. `x-stack-auth`
    4. `x-api-key`, if `api_keys`
    5. the cookies of the browser SDKs, if `cookies`

    Raises:
        MalformedTokenError: they are malformed, or a header was sent twice with different values.
        UnsafeUseError: it is not a request.
    """
    sent = header_values(request, _HEADERS)
    del request
    bearer = _bearer(_single(sent, "authorization"))
    if bearer is not None:
        packed = bearer.startswith(_PREFIXES)
        if packed:
            return Found("authorization", _pair(_unpacked(bearer.partition("_")[2])))
        if bearer.count(".") == 2:
            return Found("authorization", _tokens(bearer, None))
        if api_keys and looks_like_api_key(bearer):
            return Found("authorization", api_key=Secret(bearer))
    for name in _ACCESS_TOKEN:
        token = _single(sent, name)
        if token:
            return Found("x-stack-access-token", _tokens(token, None))
    packed_pair = _single(sent, "x-stack-auth")
    if packed_pair:
        return Found("x-stack-auth", _pair(packed_pair))
    key = _single(sent, "x-api-key")
    if key and api_keys:
        return Found("x-api-key", api_key=Secret(key))
    if cookies:
        access_token, refresh_token = tokens_in_cookies(sent.get("cookie", ()), project_id)
        if refresh_token is not None:
            return Found("cookie", _tokens(access_token, refresh_token))
    return None


def _single(sent: dict[str, list[str]], name: str) -> str | None:
    values = {value.strip() for value in sent.get(name, ())}
    if len(values) > 1:
        raise MalformedTokenError(f"The request has several {name} headers with different values.")
    return values.pop() if values else None


def _bearer(header: str | None) -> str | None:
    scheme, _, credentials = (header or "").partition(" ")
    return credentials.strip() or None if scheme.lower() == "bearer" else None


def _unpacked(text: str) -> str:
    try:
        if len(text) <= _LONGEST_PAIR:
            return base64.b64decode(text, validate=True).decode()
    except ValueError:
        pass
    raise MalformedTokenError("The bearer credentials are not valid base64.")


def _pair(text: str) -> Tokens | None:
    try:
        value: Any = json.loads(text) if len(text) <= _LONGEST_PAIR else None
    except (ValueError, RecursionError):
        value = None
    if isinstance(value, dict):
        access_token, refresh_token = value.get("accessToken"), value.get("refreshToken")
        if isinstance(access_token, str | None) and isinstance(refresh_token, str | None):
            return _tokens(access_token, refresh_token)
    raise MalformedTokenError("The credentials are not a JSON object with accessToken and refreshToken.")


def _tokens(access_token: str | None, refresh_token: str | None) -> Tokens | None:
    if not access_token and not refresh_token:
        return None
    try:
        return Tokens(access_token or None, refresh_token or None)
    except UnsafeUseError:
        pass
    raise MalformedTokenError("A token contains invalid characters.")
