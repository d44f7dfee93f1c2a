"""Keys and tokens in the keyring of the operating system."""

import json
from collections.abc import Iterator
from contextlib import contextmanager

from hexclave.cli._exits import Exit, Failure, missing_extra
from hexclave.tokens import Tokens, TokenStore
from hexclave_api.secret import Secret

try:
    import keyring
    from keyring.errors import KeyringError, PasswordDeleteError
except ImportError:
    raise missing_extra("keyring", "cli") from None


@contextmanager
def _unlocked() -> Iterator[None]:
    """Name the keyring when it refuses. Its own errors are not chained: they may contain the secret."""
    try:
        yield
    except PasswordDeleteError:
        return  # It was not there.
    except KeyringError as error:
        problem = type(error).__name__
    else:
        return
    raise Failure(f"The keyring refused ({problem}).", Exit.LOCAL, "Unlock it, or remove the profile and add it again.")


def get(service: str, name: str) -> str | None:
    """Return the text stored under this name."""
    found: list[str | None] = [None]
    with _unlocked():
        found[0] = keyring.get_password(service, name)
    return found[0]


def put(service: str, name: str, text: str | None) -> None:
    """Store the text under this name; `None` removes it."""
    with _unlocked():
        if text is None:
            keyring.delete_password(service, name)
        else:
            keyring.set_password(service, name, text)


class KeyringTokenStore(TokenStore):
    """The tokens of a session in the keyring, as one entry.

    A keyring cannot compare and set at once: two commands that refresh in the same millisecond both succeed, and the
    later one is kept. Both refresh tokens are the same, so the user stays signed in.
    """

    def __init__(self, service: str, name: str) -> None:
        self._service = service
        self._name = name

    def load(self) -> Tokens | None:
        text = get(self._service, self._name)
        try:
            return None if text is None else Tokens(**json.loads(text))
        except (ValueError, TypeError):
            del text
        raise Failure("The session in the keyring is damaged.", Exit.SIGNED_OUT, "hexclave-py login")

    def save(self, tokens: Tokens | None, /) -> None:
        put(self._service, self._name, None if tokens is None else json.dumps(tokens.reveal()))

    def compare_and_set(self, expected_refresh_token: Secret | None, tokens: Tokens | None, /) -> bool:
        kept = self.load()
        if (None if kept is None else kept.refresh_token) != expected_refresh_token:
            return False
        self.save(tokens)
        return True
