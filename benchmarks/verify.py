"""Benchmark of access token verification, compared with JWT libraries.

    python -m benchmarks.verify

All rows are measured alternately, many times, in CPU time of one thread, so the medians of one run are comparable. The
rows for other libraries need `pip install pyjwt joserfc`.
"""

import asyncio
import base64
import importlib.util
import json
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import httpx
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from benchmarks.rows import Row, spread
from hexclave import AsyncHexclaveServerApp, HexclaveServerApp
from hexclave.verify import AsyncVerifier, Verifier

TOKENS = 200
ROUNDS = 40
BARE = "bare ECDSA, cryptography"
FRESH, CACHED = "fresh token, Verifier()", "cached token, Verifier()"
PROJECT = "00000000-0000-4000-8000-000000000001"
ISSUER = f"https://api.hexclave.com/api/v1/projects/{PROJECT}"
KEY = "ssk_not_a_real_key_0000000000000000000000000000"

PRIVATE = ec.generate_private_key(ec.SECP256R1())
PUBLIC = PRIVATE.public_key()
ES256 = ec.ECDSA(SHA256())


def encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def made_token(number: int) -> str:
    now = int(time.time())
    claims = {
        "sub": f"00000000-0000-4000-8000-{number:012}",
        "project_id": PROJECT,
        "branch_id": "main",
        "refresh_token_id": "00000000-0000-4000-8000-000000000002",
        "role": "authenticated",
        "name": None,
        "email": f"user-{number}@example.com",
        "email_verified": True,
        "selected_team_id": None,
        "signed_up_at": now - 1000,
        "is_anonymous": False,
        "is_restricted": False,
        "restricted_reason": None,
        "requires_totp_mfa": False,
        "iss": ISSUER,
        "iat": now,
        "aud": PROJECT,
        "exp": now + 600,
    }
    parts = [
        encoded(json.dumps(part, separators=(",", ":")).encode()) for part in ({"alg": "ES256", "kid": "k"}, claims)
    ]
    text = ".".join(parts)
    return f"{text}.{encoded(raw(PRIVATE.sign(text.encode(), ES256)))}"


def raw(der: bytes) -> bytes:
    return b"".join(number.to_bytes(32) for number in decode_dss_signature(der))


def jwk() -> dict[str, str | list[str]]:
    numbers = PUBLIC.public_numbers()
    x, y = (encoded(number.to_bytes(32)) for number in (numbers.x, numbers.y))
    return {"kty": "EC", "crv": "P-256", "alg": "ES256", "kid": "k", "x": x, "y": y}


def keys(_: httpx.Request) -> httpx.Response:
    return httpx.Response(200, json={"keys": [jwk()]}, headers={"cache-control": "public, max-age=3600"})


TEXTS = [made_token(number) for number in range(TOKENS)]
SIGNED = [text.rpartition(".")[0].encode() for text in TEXTS]
RAW = [base64.urlsafe_b64decode(text.rpartition(".")[2] + "==") for text in TEXTS]
DER = [encode_dss_signature(int.from_bytes(one[:32]), int.from_bytes(one[32:])) for one in RAW]

Action = Callable[[], object]


def primitives() -> Iterator[tuple[str, Action]]:
    def bare() -> None:
        for der, signed in zip(DER, SIGNED, strict=True):
            PUBLIC.verify(der, signed, ES256)

    def least() -> None:
        for text, signed in zip(TEXTS, SIGNED, strict=True):
            _, body, sealed = text.split(".")
            one = base64.urlsafe_b64decode(sealed + "==")
            PUBLIC.verify(encode_dss_signature(int.from_bytes(one[:32]), int.from_bytes(one[32:])), signed, ES256)
            json.loads(base64.urlsafe_b64decode(body + "=="))

    yield BARE, bare
    yield "… plus base64 and JSON decoding, without checks", least


def pyjwt() -> Iterator[tuple[str, Action]]:
    import jwt
    from jwt.algorithms import ECAlgorithm

    algorithm = ECAlgorithm(ECAlgorithm.SHA256, ec.SECP256R1)

    def bare() -> None:
        for signed, one in zip(SIGNED, RAW, strict=True):
            algorithm.verify(signed, PUBLIC, one)

    def full() -> None:
        for text in TEXTS:
            jwt.decode(text, PUBLIC, algorithms=["ES256"], audience=PROJECT, issuer=ISSUER)

    yield f"bare ES256, PyJWT {jwt.__version__}", bare
    yield "decode(audience, issuer), PyJWT", full


def joserfc() -> Iterator[tuple[str, Action]]:
    from joserfc import jwt
    from joserfc._rfc7518.jws_algs import JWS_ALGORITHMS
    from joserfc.jwk import ECKey

    key = ECKey.import_key(jwk())
    algorithm = next(algorithm for algorithm in JWS_ALGORITHMS if algorithm.name == "ES256")
    claims = jwt.JWTClaimsRegistry(
        iss={"essential": True, "value": ISSUER}, aud={"essential": True, "value": PROJECT}, exp={"essential": True}
    )

    def bare() -> None:
        for signed, one in zip(SIGNED, RAW, strict=True):
            algorithm.verify(signed, one, key)

    def full() -> None:
        for text in TEXTS:
            claims.validate(jwt.decode(text, key, algorithms=["ES256"]).claims)

    yield "bare ES256, joserfc", bare
    yield "decode and validate, joserfc", full


@contextmanager
def ours() -> Iterator[list[tuple[str, Action]]]:
    client = httpx.Client(transport=httpx.MockTransport(keys))
    with client, HexclaveServerApp(PROJECT, KEY, http_client=client) as app:
        fresh, one_by_one, cached = Verifier(app, remember=0), Verifier(app, remember=2), Verifier(app)

        def row(verifier: Verifier) -> Action:
            def run() -> None:
                for text in TEXTS:
                    verifier.verify(text)

            return run

        yield [
            ("fresh token, Verifier(remember=0)", row(fresh)),
            (FRESH, row(one_by_one)),
            (CACHED, row(cached)),
            ("cached token, async", awaited),
        ]


def awaited() -> None:
    LOOP.run_until_complete(verify_cached())


async def verify_cached() -> None:
    for text in TEXTS:
        await ASYNC.verify(text)


LOOP = asyncio.new_event_loop()
ASYNC_CLIENT = httpx.AsyncClient(transport=httpx.MockTransport(keys))
ASYNC = AsyncVerifier(AsyncHexclaveServerApp(PROJECT, KEY, http_client=ASYNC_CLIENT))


def rows(_: str) -> Iterator[Row]:
    times, against = _times(), "bare ECDSA verification by the same library"
    for what, name, target in (("a fresh token", FRESH, 1.25), ("a cached token", CACHED, 0.03)):
        values = [ours / bare for ours, bare in zip(times[name], times[BARE], strict=True)]
        yield Row(f"verifying {what}", against, *spread(values), target=target)


def _times() -> dict[str, list[float]]:
    """Return the time per token in microseconds, for each round."""
    actions = list(primitives())
    for package, library in (("jwt", pyjwt), ("joserfc", joserfc)):
        if importlib.util.find_spec(package):
            actions += library()
    with ours() as own:
        actions += own
        times: dict[str, list[float]] = {name: [] for name, _ in actions}
        for _, run in actions:
            run()
        for _ in range(ROUNDS):
            for name, run in actions:
                started = time.thread_time_ns()
                run()
                times[name].append((time.thread_time_ns() - started) / 1000 / TOKENS)
    LOOP.run_until_complete(ASYNC_CLIENT.aclose())
    LOOP.close()
    return times


def main() -> None:
    times = {name: statistics.median(values) for name, values in _times().items()}
    print(f"{'':52}     µs   x bare   (medians of {ROUNDS} rounds of {TOKENS} tokens)")
    for name, median in times.items():
        print(f"{name:52} {median:6.1f}   {median / times[BARE]:6.2f}")


if __name__ == "__main__":
    main()
