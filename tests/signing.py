"""Access tokens, valid and invalid, and a fake of the API's public keys. All keys are generated here."""

import base64
import json
from collections.abc import Callable
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from hexclave._messages import Reply, Request
from hexclave.errors import HexclaveError
from hexclave.verify import Verifier
from tests.playing import FakeClock, context, play

PROJECT = "project-1"
BASE = "https://api.example.com/api/v1"
KINDS = ("normal", "restricted", "anonymous")
AUDIENCES = {"normal": PROJECT, "restricted": f"{PROJECT}:restricted", "anonymous": f"{PROJECT}:anon"}
ISSUERS = {
    "normal": f"{BASE}/projects/{PROJECT}",
    "restricted": f"{BASE}/projects-restricted-users/{PROJECT}",
    "anonymous": f"{BASE}/projects-anonymous-users/{PROJECT}",
}
REASONS = {"normal": None, "restricted": {"type": "email_not_verified"}, "anonymous": {"type": "anonymous"}}


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def encoded(value: object) -> str:
    return b64(json.dumps(value, separators=(",", ":")).encode())


def made_key(matches: Callable[[ec.EllipticCurvePublicNumbers], bool] = lambda _: True) -> ec.EllipticCurvePrivateKey:
    while True:
        key = ec.generate_private_key(ec.SECP256R1())
        if matches(key.public_key().public_numbers()):
            return key


NORMAL, NEXT, RESTRICTED, ANONYMOUS, FOREIGN = (made_key() for _ in range(5))
KEYS = {"normal": NORMAL, "restricted": RESTRICTED, "anonymous": ANONYMOUS}


def jwk(kid: str, key: ec.EllipticCurvePrivateKey, *, padded: bool = True, **more: Any) -> dict[str, Any]:
    numbers = key.public_key().public_numbers()
    sizes = (32, 32) if padded else ((numbers.x.bit_length() + 7) // 8, (numbers.y.bit_length() + 7) // 8)
    x, y = numbers.x.to_bytes(sizes[0]), numbers.y.to_bytes(sizes[1])
    return {"kty": "EC", "crv": "P-256", "alg": "ES256", "kid": kid, "x": b64(x), "y": b64(y), **more}


def signature(text: str, key: ec.EllipticCurvePrivateKey) -> str:
    r, s = decode_dss_signature(key.sign(text.encode(), ec.ECDSA(SHA256())))
    return b64(r.to_bytes(32) + s.to_bytes(32))


def signed(header: object, payload: object, key: ec.EllipticCurvePrivateKey) -> str:
    text = f"{encoded(header)}.{encoded(payload)}"
    return f"{text}.{signature(text, key)}"


def payload(kind: str = "normal", *, at: float = 1_800_000_000, **changes: Any) -> dict[str, Any]:
    """Return the claims of a token issued at `at`; a change to `...` removes a claim."""
    claims = {
        "sub": "user-1",
        "project_id": PROJECT,
        "branch_id": "main",
        "refresh_token_id": "session-1",
        "role": "authenticated",
        "name": "Ada",
        "email": "ada@example.com",
        "email_verified": True,
        "selected_team_id": None,
        "signed_up_at": 1_700_000_000,
        "is_anonymous": kind == "anonymous",
        "is_restricted": kind != "normal",
        "restricted_reason": REASONS[kind],
        "requires_totp_mfa": False,
        "iss": ISSUERS[kind],
        "aud": AUDIENCES[kind],
        "iat": int(at),
        "exp": int(at) + 600,
        **changes,
    }
    return {name: value for name, value in claims.items() if value is not ...}


def token(kind: str = "normal", *, at: float = 1_800_000_000, **changes: Any) -> str:
    return signed({"alg": "ES256", "kid": f"{kind}-key"}, payload(kind, at=at, **changes), KEYS[kind])


class KeyServer:
    """Answers with the documents of public keys; each kind includes the keys of the previous ones."""

    def __init__(self) -> None:
        self.keys: dict[str, list[Any]] = {kind: [jwk(f"{kind}-key", KEYS[kind])] for kind in KINDS}
        self.headers = {"cache-control": "public, max-age=3600"}
        self.requests: list[Request] = []
        self.failure: Reply | BaseException | None = None

    def __call__(self, request: Request) -> Reply:
        self.requests.append(request)
        if isinstance(self.failure, BaseException):
            raise self.failure
        if self.failure is not None:
            return self.failure
        assert request.url.startswith(f"{BASE}/projects/{PROJECT}/.well-known/jwks.json"), request.url
        last = 1 + next((KINDS.index(kind) for kind in KINDS if f"include_{kind}=true" in request.url), 0)
        keys = [key for kind in KINDS[:last] for key in self.keys[kind]]
        return Reply(200, self.headers, json.dumps({"keys": keys}).encode())


class App:
    """The parts of an app that a verifier needs, in virtual time."""

    def __init__(self, server: Callable[[Request], Reply] | None = None, **options: Any) -> None:
        self.clock = FakeClock()
        self._context = context(clock=self.clock, **options)
        self.server = KeyServer() if server is None else server

    @property
    def _performer(self) -> "App":
        return self

    @property
    def context(self) -> Any:
        return self._context

    def run(self, steps: Any) -> Any:
        played = play(self._context, steps, self.server, cycle=True)
        if played.error is not None:
            raise played.error
        return played.result


def made_verifier(**options: Any) -> tuple[Verifier, KeyServer, FakeClock]:
    """Return a verifier, the server of its keys, and the clock."""
    app = App()
    return Verifier(app, **options), app.server, app.clock


HEADER = {"alg": "ES256", "kid": "normal-key"}
ALL = {"allow_restricted": True, "allow_anonymous": True}


def refused(text: str, expected: type[HexclaveError], **allowed: bool) -> HexclaveError:
    """Return the refusal, which is the same before and after fetching the keys, and never contains the token."""
    verifier, _, _ = made_verifier()
    errors = []
    for _ in range(2):
        with pytest.raises(expected) as caught:
            verifier.verify(text, **allowed)
        errors.append(caught.value)
        verifier.verify(token())
    for error in errors:
        assert type(error) is expected
        shown = f"{error!s} {error!r} {error.explain()} {vars(error)}"
        assert not any(part and len(part) > 6 and part in shown for part in str(text).split("."))
    return errors[0]
