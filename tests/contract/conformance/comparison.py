"""Strict comparison of an emulated reply with the recorded one, except for the few things that cannot be equal."""

import base64
import json
from datetime import datetime
from typing import Any, Final

from hexclave_emulator import Reply
from hexclave_emulator.domains import fake_provider
from tests.contract.conformance.mapping import Mapping, Mismatch
from tests.contract.conformance.recording import Exchange, claims

HEADERS: Final = ("content-type", "x-stack-known-error", "x-stack-actual-status", "location", "retry-after", "pragma")
"""Headers whose values clients read. Of `cache-control` too, where the reply comes from the API itself."""

BASE_URL: Final = "http://localhost:8102"
"""The address of the recorded backend."""

TOLERANCE_MILLIS: Final = 10_000
"""The emulator's clock stands at the second at which the recorded reply was sent."""

TIMES: Final = ("_millis", "Millis", "_at", "_at_start", "timestamp")
"""Endings of names whose numbers are moments."""

SECONDS: Final = ("expires_in", "exp", "iat", "signed_up_at")
"""Names whose numbers are seconds, and may be off by a few."""

RANDOM_FIELDS: Final = {"kid": 12, "x": 43, "y": 43, "last_four": 4, "client_secret": 80}
"""Texts that are random without looking like it, and how long they are at most."""

MARKUP: Final = ("tsx_source", "tsxSource", "html", "rendered_html")
"""Texts that are the emulator's own: sources of emails, and their renderings. They correspond to the recorded ones, one
to one.
"""

UPLOADS: Final = "http://127.0.0.1:8121"
"""The recorded backend's image storage; the emulator serves images itself."""

STRIPE: Final = "http://127.0.0.1:8123/onboard"
"""The recorded substitute for Stripe; the emulator has its own."""

SIZES: Final = ("byte_length",)
"""Names whose numbers are sizes of compressed texts with random ids in them."""

SIZE_TOLERANCE: Final = 16

PROVIDER: Final = "http://localhost:8114/auth"
"""The OAuth provider of the recorded backend; the emulator is its own."""

REMOVED: Final = "(server-side details removed)"
"""The replacement in the recordings for text that only the API's developers should see."""


class Comparison:
    """Compares one reply.

    `differences` collects what is not equal; `words` the places where an error has the right code but another message.

    Args:
        any_order: the API promises no order of the reply's `items`.
    """

    def __init__(self, mapping: Mapping, *, any_order: bool = False) -> None:
        self._mapping = mapping
        self._any_order = any_order
        self.differences: list[str] = []
        self.words: list[str] = []

    def reply(self, recorded: Exchange, emulated: Reply) -> None:
        """Compare status, headers and body."""
        if recorded.status != emulated.status:
            self._differ("status", recorded.status, emulated.status)
        headers = {name.lower(): value for name, value in emulated.headers.items()}
        for name in HEADERS:
            self._header(name, recorded.reply_headers.get(name), headers.get(name))
        if "x-stack-request-id" in recorded.reply_headers:
            self._header("cache-control", recorded.reply_headers.get("cache-control"), headers.get("cache-control"))
        if ("x-stack-request-id" in recorded.reply_headers) != ("x-stack-request-id" in headers):
            self._differ(
                "x-stack-request-id", "x-stack-request-id" in recorded.reply_headers, "x-stack-request-id" in headers
            )
        if recorded.reply == REMOVED:
            return
        try:
            body = _decoded(recorded, emulated)
        except ValueError:
            self._differ("body", recorded.reply, emulated.content.decode("utf-8", "replace"))
            return
        if isinstance(recorded.reply, dict) and isinstance(body, dict) and recorded.code is not None:
            self._known_error(recorded.reply, body)
            return
        self.value(recorded.reply, body, "")

    def _known_error(self, recorded: dict[str, Any], emulated: dict[str, Any]) -> None:
        # Messages are judged separately. SCHEMA_ERROR repeats its message in its details.
        repeated = recorded.get("code") == "SCHEMA_ERROR"
        hidden = {"error", "details"} if repeated else {"error"}
        self._words(recorded.get("error"), emulated.get("error"))
        if set(recorded) != set(emulated):
            self._differ("fields", sorted(recorded), sorted(emulated))
        for name in sorted(set(recorded) & set(emulated) - hidden):
            self.value(recorded[name], emulated[name], name)

    def _words(self, recorded: Any, emulated: Any) -> None:
        spoken = Comparison(self._mapping)
        spoken.value(recorded, emulated, "error")
        self.words += spoken.differences

    def value(self, recorded: Any, emulated: Any, where: str) -> None:
        """Compare two JSON values at this place of the reply."""
        if isinstance(recorded, dict) and isinstance(emulated, dict):
            expected = {self._mapping.text(name): item for name, item in recorded.items()}
            for name in sorted(set(expected) - set(emulated)):
                self._differ(f"{where}.{name}", expected[name], "nothing")
            for name in sorted(set(emulated) - set(expected)):
                self._differ(f"{where}.{name}", "nothing", emulated[name])
            for name in expected:
                if name in emulated:
                    self.value(expected[name], emulated[name], f"{where}.{name}")
        elif isinstance(recorded, list) and isinstance(emulated, list):
            if len(recorded) != len(emulated):
                self._differ(f"{where} length", len(recorded), len(emulated))
            if self._any_order and where == ".items":
                emulated = self._in_order_of(recorded, emulated)
            for index, (one, other) in enumerate(zip(recorded, emulated, strict=False)):
                self.value(one, other, f"{where}[{index}]")
        elif isinstance(recorded, str) and isinstance(emulated, str):
            self._text(recorded, emulated, where)
        elif where.rpartition(".")[2] in SIZES and isinstance(recorded, int) and isinstance(emulated, int):
            if abs(recorded - emulated) > SIZE_TOLERANCE:
                self._differ(where, recorded, emulated)
        elif is_time(where, recorded) and is_time(where, emulated):
            allowed = TOLERANCE_MILLIS if recorded > 10**11 else TOLERANCE_MILLIS / 1000
            if abs(recorded - emulated) > allowed:
                self._differ(where, recorded, emulated)
        elif recorded != emulated or isinstance(recorded, bool) != isinstance(emulated, bool):
            self._differ(where, recorded, emulated)

    def _in_order_of(self, recorded: list[Any], emulated: list[Any]) -> list[Any]:
        """Return the emulated items, each at the position of the most similar recorded one."""
        left = list(emulated)
        found = []
        for item in recorded:
            best = min(left, key=lambda each: self._distance(item, each), default=None)
            if best is not None:
                left.remove(best)
                found.append(best)
        return [*found, *left]

    def _distance(self, recorded: Any, emulated: Any) -> int:
        trial = Comparison(self._mapping.copy())
        trial.value(recorded, emulated, "")
        return len(trial.differences)

    def _text(self, recorded: str, emulated: str, where: str) -> None:
        longest = RANDOM_FIELDS.get(where.rpartition(".")[2])
        if longest is not None:
            if not 0 < len(emulated) <= longest:
                self._differ(where, recorded, emulated)
            return
        if where.rpartition(".")[2] in MARKUP and recorded != emulated:
            self._learn(recorded, emulated, where)
            return
        recorded = _moved(recorded)
        if recorded == STRIPE and emulated.startswith(f"{BASE_URL}/_emulator?onboarded="):
            return
        mine, theirs = claims(recorded), claims(emulated)
        if mine is not None and theirs is not None:
            self.value(mine, theirs, f"{where}<token>")
            self._learn(recorded, emulated, where)
            return
        if _moment(recorded) is not None and _moment(emulated) is not None:
            if abs(_moment(recorded) - _moment(emulated)) > TOLERANCE_MILLIS / 1000:  # type: ignore[operator]
                self._differ(where, recorded, emulated)
            return
        if _is_json(recorded) and _is_json(emulated):
            self.value(json.loads(recorded), json.loads(emulated), f"{where}<json>")
            return
        inside, other = _inside(recorded), _inside(emulated)
        if inside is not None and other is not None:
            self.value(inside, other, f"{where}<base64>")
            self._learn(recorded, emulated, where)
            return
        try:
            self._mapping.match(recorded, emulated)
        except Mismatch as mismatch:
            self.differences.append(f"{where}: {mismatch}")

    def _learn(self, recorded: str, emulated: str, where: str) -> None:
        try:
            self._mapping.learn(recorded, emulated)
        except Mismatch as mismatch:
            self.differences.append(f"{where}: {mismatch}")

    def _header(self, name: str, recorded: str | None, emulated: str | None) -> None:
        if recorded is None or emulated is None:
            if recorded != emulated:
                self._differ(name, recorded, emulated)
            return
        try:
            self._mapping.match(_moved(recorded), emulated)
        except Mismatch:
            self._differ(name, recorded, emulated)

    def _differ(self, where: str, recorded: Any, emulated: Any) -> None:
        self.differences.append(f"{where}: {_short(recorded)} became {_short(emulated)}")


def _decoded(recorded: Exchange, emulated: Reply) -> Any:
    if recorded.reply is None:
        return None if not emulated.content else emulated.content.decode("utf-8", "replace")
    if recorded.reply_headers.get("content-type", "").startswith("application/json"):
        return json.loads(emulated.content)
    return emulated.content.decode("utf-8", "replace")


def _moved(recorded: str) -> str:
    """Return the text with the addresses of services that are separate in the recording but part of the emulator."""
    return recorded.replace(UPLOADS, BASE_URL).replace(PROVIDER, BASE_URL + fake_provider.PATH)


def is_time(where: str, value: Any) -> bool:
    """Return true if the value at this place is a timestamp."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    name = where.rpartition(".")[2]
    return name in SECONDS or (value > 10**11 and (name.endswith(TIMES) or "_at" in name))


def _moment(text: str) -> float | None:
    if len(text) < 19 or text[4:5] != "-" or "T" not in text:
        return None
    try:
        return datetime.fromisoformat(text).timestamp()
    except ValueError:
        return None


def _is_json(text: str) -> bool:
    if text[:1] not in "{[" or len(text) < 2:
        return False
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


def _inside(text: str) -> Any:
    """Return the content of a cursor, which is base64-encoded JSON; `None` for other texts."""
    if not text.startswith("eyJ") or "." in text:
        return None
    try:
        return json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except ValueError:
        return None


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 160 else f"{text[:157]}…"
