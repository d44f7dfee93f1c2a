"""Parsers of untrusted input. Each target takes bytes and allows only results and SDK errors."""

import json
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import attrs

from hexclave.errors import HexclaveError
from hexclave.verify import (
    AccessTokenClaims,
    AuthenticatedTeam,
    InvalidCredentials,
    SignedIn,
    SignedOut,
    Verifier,
    read_api_key,
    read_unverified,
)
from hexclave.webhooks import WebhookEvent, sign, verify
from tests.api.test_reply_reader import PLAIN, check_verdict
from tests.playing import reply
from tests.signing import NORMAL, App, KeyServer, b64, encoded, payload, signature, token
from tests.verify.test_api_keys import KEY
from tests.webhooks.test_webhooks import SECRET

HEADER = {"alg": "ES256", "kid": "normal-key"}
OUTCOMES = (SignedIn, SignedOut, InvalidCredentials, AuthenticatedTeam)
ADMIT_ALL: Any = {"allow_restricted": True, "allow_anonymous": True}
NAMES = ("authorization", "x-stack-access-token", "x-hexclave-access-token", "x-stack-auth", "x-api-key", "cookie")
KEYS = KeyServer()
VERIFIER: Verifier = Verifier(App(lambda request: KEYS(request) if "jwks" in request.url else reply(404)), remember=0)


def text_of(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")


def only_sdk_errors(run: Callable[[], object], *kinds: type) -> None:
    """Run the target; expect a result of one of these types, or an SDK error that can be displayed."""
    try:
        result = run()
    except HexclaveError as error:
        error.explain().encode()
        repr(error).encode()
    else:
        assert isinstance(result, kinds), type(result)


def token_text(data: bytes) -> None:
    text = text_of(data)
    only_sdk_errors(lambda: VERIFIER.verify(text, **ADMIT_ALL), AccessTokenClaims)
    only_sdk_errors(lambda: read_unverified(text), AccessTokenClaims)


def signed_payload(data: bytes) -> None:
    """Return a token signed with the project's key, so that everything after the signature check is reached."""
    text = f"{encoded(HEADER)}.{b64(data)}"
    only_sdk_errors(lambda: VERIFIER.verify(f"{text}.{signature(text, NORMAL)}", **ADMIT_ALL), AccessTokenClaims)


def signed_header(data: bytes) -> None:
    text = f"{b64(data)}.{encoded(payload())}"
    only_sdk_errors(lambda: VERIFIER.verify(f"{text}.{signature(text, NORMAL)}", **ADMIT_ALL), AccessTokenClaims)


def request_headers(data: bytes) -> None:
    """Return headers, one per line; the first byte chooses the name."""
    lines = [line for line in data.split(b"\n") if line]
    pairs = [(NAMES[line[0] % len(NAMES)], text_of(line[1:])) for line in lines]
    raw = [(name.encode(), line[1:]) for (name, _), line in zip(pairs, lines, strict=True)]
    for request in (pairs, dict(pairs), {"type": "http", "headers": raw}):
        only_sdk_errors(
            lambda request=request: VERIFIER.authenticate(
                request, cookies=True, api_keys=("user", "team"), **ADMIT_ALL
            ),
            *OUTCOMES,
        )


def cookies(data: bytes) -> None:
    only_sdk_errors(lambda: VERIFIER.authenticate({"cookie": text_of(data)}, cookies=True), *OUTCOMES)


def api_key(data: bytes) -> None:
    only_sdk_errors(lambda: read_api_key(text_of(data)), object)


def key_document(data: bytes) -> None:
    verifier: Verifier = Verifier(App(lambda _: reply(200, data, cache_control=text_of(data[:60]))))
    only_sdk_errors(lambda: verifier.verify(token()), AccessTokenClaims)


def webhook_body(data: bytes) -> None:
    headers = sign(data, SECRET, webhook_id="msg_1", sent_at=datetime.now(UTC))
    only_sdk_errors(lambda: verify(data, headers, SECRET), WebhookEvent)


def webhook_headers(data: bytes) -> None:
    body = b"{}"
    headers = sign(body, SECRET, webhook_id="msg_1", sent_at=datetime.now(UTC))
    parts = data.split(b"\n")
    changed = dict(zip(headers, map(text_of, parts), strict=False))
    only_sdk_errors(lambda: verify(body, headers | changed, SECRET), WebhookEvent)


def http_reply(data: bytes) -> None:
    """Read a reply; the first byte chooses the method, whether the connection ends, and the size of the pieces."""
    if data:
        size, reply = (data[0] >> 2) * 4 + 1, data[1:]
        pieces = [reply[place : place + size] for place in range(0, len(reply), size)]
        check_verdict("HEAD" if data[0] & 1 else "GET", pieces, ended=bool(data[0] & 2))


@attrs.frozen
class Target:
    run: Callable[[bytes], None]
    seeds: tuple[bytes, ...]


EVENT = json.dumps({"type": "user.created", "data": {"id": "user-1", "primary_email": None}}).encode()
TARGETS = {
    target.run.__name__: target
    for target in (
        Target(token_text, (token().encode(), token("anonymous").encode(), b"..")),
        Target(
            signed_payload, tuple(json.dumps(payload(kind)).encode() for kind in ("normal", "restricted", "anonymous"))
        ),
        Target(signed_header, (json.dumps(HEADER).encode(), b'{"alg":"none"}')),
        Target(
            request_headers,
            (
                b"\0Bearer a.b.c",
                b"\0Bearer stackauth_e30=",
                b'\3{"accessToken":"a.b.c"}',
                b"\4" + KEY.encode(),
                b"\5a=b",
            ),
        ),
        Target(
            cookies,
            (b'hexclave-refresh-project-1--d={"refresh_token":"r","updated_at_millis":1}; hexclave-access=["r","a"]',),
        ),
        Target(api_key, (KEY.encode(),)),
        Target(
            key_document,
            (b'{"keys":[{"kty":"EC","crv":"P-256","alg":"ES256","kid":"k","x":"AA","y":"AA"}]}', b"max-age=3600"),
        ),
        Target(webhook_body, (EVENT,)),
        Target(http_reply, tuple(bytes([how]) + reply for how in (0, 1, 2, 254) for reply in PLAIN)),
        Target(webhook_headers, (f"msg_1\n{int(time.time())}\nv1,abc v1,def".encode(),)),
    )
}
