"""A one-to-one mapping of random values in the recording to those of the emulator."""

import json
import re
from typing import Any, Final

TOKEN: Final = r"eyJ[\w-]+\.[\w-]+\.[\w-]+"
RANDOM: Final = re.compile(
    rf"{TOKEN}"
    r"|[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}"  # ids
    r"|(?<![0-9A-Za-z])\w{1,24}_[0-9a-z]{45,120}(?![0-9A-Za-z])"  # keys with a prefix
    r"|(?<![0-9A-Za-z_-])[0-9a-hjkmnp-tv-z]{39,52}(?![0-9A-Za-z_-])"  # tokens, codes, nonces
    r"|acct_[0-9a-f]{16}"  # accounts of a payment provider
    r"|(?<=appsk_)[0-9a-f]{32}"  # tokens of the webhooks' service
    r"|(?<=_)[0-9a-z]{45}(?![0-9A-Za-z])"  # purchase codes behind an id
    r"|(?<=_)[0-9a-z]{13}(?![0-9A-Za-z])"  # the tail of a purchase code
    r"|(?<![0-9A-Za-z])[0-9a-f]{40,64}(?![0-9A-Za-z])"  # authorization codes
    r"|(?:(?<![0-9A-Za-z_-])|(?<=stack-oauth-inner-))[0-9A-Za-z_-]{43}(?![0-9A-Za-z_-])"  # what OAuth providers make
)


class Mismatch(Exception):
    """Two values that should correspond do not."""


class Mapping:
    """Maps recorded values to the emulator's values, one to one."""

    def __init__(self) -> None:
        self.known: dict[str, str] = {}
        self._taken: dict[str, str] = {}

    def copy(self) -> "Mapping":
        """Return a copy that can be extended independently."""
        made = Mapping()
        made.known, made._taken = dict(self.known), dict(self._taken)
        return made

    def learn(self, recorded: str, emulated: str) -> None:
        """Record that these two values correspond."""
        if self.known.get(recorded, emulated) != emulated:
            raise Mismatch(f"{recorded[:60]} was {self.known[recorded][:60]} and is now {emulated[:60]}")
        if self._taken.get(emulated, recorded) != recorded:
            raise Mismatch(f"{emulated[:60]} stands for {self._taken[emulated][:60]} and for {recorded[:60]}")
        self.known[recorded] = emulated
        self._taken[emulated] = recorded

    def text(self, recorded: str) -> str:
        """Return the text with every random part translated; new parts are unchanged."""
        whole = self.known.get(recorded)
        if whole is not None:
            return whole

        def translate(match: "re.Match[str]") -> str:
            part = match.group(0)
            if part not in self.known and part not in self._taken:
                self.learn(part, part)
            return self.known.get(part, part)

        return RANDOM.sub(translate, recorded)

    def value(self, recorded: Any) -> Any:
        """Return a JSON value with every text in it translated."""
        if isinstance(recorded, str):
            return self.text(recorded)
        if isinstance(recorded, list):
            return [self.value(item) for item in recorded]
        if isinstance(recorded, dict):
            return {self.text(name): self.value(item) for name, item in recorded.items()}
        return recorded

    def match(self, recorded: str, emulated: str) -> None:
        """Check that the texts are equal except for random parts, which correspond from now on.

        Raises:
            Mismatch: they differ.
        """
        if recorded == emulated and recorded not in self.known and emulated not in self._taken:
            return
        mine, theirs = RANDOM.split(recorded), RANDOM.split(emulated)
        if mine != theirs:
            raise Mismatch(f"{_short(recorded)} became {_short(emulated)}")
        for old, new in zip(RANDOM.findall(recorded), RANDOM.findall(emulated), strict=True):
            if not re.fullmatch(TOKEN, old):
                self.learn(old, new)


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 90 else f"{text[:87]}…"
