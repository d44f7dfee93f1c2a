"""Browser sessions in one of Django's session engines, for the sign-in pages.

    HEXCLAVE_SIGN_IN = {"SESSIONS": DjangoSessions()}

Needs `hexclave[sign-in]` and `django`. The database engine needs `django.contrib.sessions` in `INSTALLED_APPS`; the
middleware and `request.session` are not used.
"""

import hashlib
import secrets
from collections.abc import Callable
from datetime import timedelta
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final, TypeVar

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.utils import timezone

from hexclave.errors import UnsafeUseError
from hexclave.sign_in._stores import Opened
from hexclave.tokens import Tokens, TokenStore
from hexclave.tokens._memory import ProcessLock
from hexclave.tokens._store import REFRESH_LEASE, refresh_token_of
from hexclave_api.secret import Secret

if TYPE_CHECKING:
    from django.contrib.sessions.backends.base import SessionBase

__all__ = ["DjangoSessions"]

T = TypeVar("T")

_TOKENS: Final = "hexclave_tokens"
_TICKET: Final = "hexclave_ticket"
_LONGEST_KEY: Final = 40
"""The longest session key that fits the column of the database engine."""


class DjangoSessions:
    """Sessions in a session engine of Django: database, cache, cached database or files.

    `engine` is a module such as `"django.contrib.sessions.backends.cache"`; by default it is `SESSION_ENGINE`. The keys
    are hashes of the random IDs in the browsers' cookies; the tokens are stored as they are. A session ends when its
    tokens have not been refreshed for `SESSION_COOKIE_AGE`, two weeks by default, or when the `lifetime` of the
    sign-in pages is over. `manage.py clearsessions` removes the ended ones.

    Of the parallel requests of a browser, one refreshes the tokens, on any worker, if the engine creates a key
    atomically, as databases, Redis and memcached do. What engines cannot guarantee:

    - Engines cannot compare and set in one step. A refresh changes only a session that still exists, so one that was
      signed out stays so with the database engine. With a cache or files, a refresh that ends within the same instant
      can restore it; its refresh token is revoked, so it ends after 75 seconds.
    - With files, also those of a file-based cache, two workers may both refresh if they begin within the same instant.
      This is harmless.
    - A cache in the memory of a process, or one that evicts sessions, signs users out.
    - With `ATOMIC_REQUESTS`, parallel requests of a browser wait for the one that refreshes to end.

    The methods of the stores raise the errors of the engine, such as `django.db.OperationalError`.

    Raises:
        UnsafeUseError: `engine` is not the path of a module, or keeps sessions in cookies.
        ImproperlyConfigured: the engine cannot be imported; raised when the server starts.
    """

    def __init__(self, engine: str | None = None) -> None:
        if engine is not None:
            _check_engine(engine)
        self._engine: Final = engine
        self._make: Callable[[str], SessionBase] | None = None
        self._opened: Final = Opened(lambda key: _EngineTokenStore(self._session_class(), key))

    def open(self, session_id: str, /) -> TokenStore:
        return self._opened.store("django", session_id)

    def _session_class(self) -> "Callable[[str], SessionBase]":
        # Not in the constructor: it is called by the settings module, before there are settings and apps.
        if self._make is not None:
            return self._make
        engine = settings.SESSION_ENGINE if self._engine is None else self._engine
        try:
            _check_engine(engine)
            make: Callable[[str], SessionBase] = import_module(engine).SessionStore
        except (ImportError, AttributeError, UnsafeUseError) as error:
            failure = ImproperlyConfigured(f"DjangoSessions cannot use the session engine {engine!r}: {error}")
        else:
            self._make = make
            return make
        raise failure


class _EngineTokenStore(TokenStore):
    """The tokens of one session in a session engine."""

    def __init__(self, make: "Callable[[str], SessionBase]", key: str) -> None:
        self._make = make
        self._key = _hashed(key)
        self._lease_key = _hashed(f"{key}:refresh")
        self._lock = ProcessLock()

    def load(self) -> Tokens | None:
        found: Any = _asked(lambda: self._make(self._key).get(_TOKENS))
        return None if found is None else Tokens(**found)

    def save(self, tokens: Tokens | None, /) -> None:
        if tokens is None:
            self._delete()
        elif not self._write(tokens, create=True):
            _asked(lambda: self._filled(tokens).save())

    def compare_and_set(self, expected_refresh_token: Secret | None, tokens: Tokens | None, /) -> bool:
        with self._lock():
            found = self.load()
            if refresh_token_of(found) != expected_refresh_token:
                return False
            if tokens is None:
                self._delete()
                return True
            return self._write(tokens, create=found is None)

    def begin_refresh(self) -> str | None:
        ticket = secrets.token_hex(8)
        if self._take_lease(ticket):
            return ticket
        if _asked(lambda: self._make(self._lease_key).get(_TICKET)) is not None:
            return None
        # The database keeps expired sessions, here that of a process that did not return its ticket.
        _asked(lambda: self._make(self._lease_key).delete(self._lease_key))
        return ticket if self._take_lease(ticket) else None

    def end_refresh(self, ticket: str, /) -> None:
        lease = _asked(lambda: self._make(self._lease_key))
        if _asked(lambda: lease.get(_TICKET)) == ticket:
            _asked(lambda: lease.delete(self._lease_key))

    def _take_lease(self, ticket: str) -> bool:
        lease = self._make(self._lease_key)
        lease.clear()  # Without it, Django would look for the session and drop the key.
        lease[_TICKET] = ticket
        # A point in time, because the file engine takes a number of seconds to be unlimited.
        lease.set_expiry(timezone.now() + timedelta(seconds=REFRESH_LEASE))
        return _saved(lease, create=True)

    def _write(self, tokens: Tokens, *, create: bool) -> bool:
        return _saved(self._filled(tokens), create=create)

    def _filled(self, tokens: Tokens) -> "SessionBase":
        session = self._make(self._key)
        session.clear()
        session[_TOKENS] = tokens.reveal()
        return session

    def _delete(self) -> None:
        _asked(lambda: self._make(self._key).delete(self._key))


def _saved(session: "SessionBase", *, create: bool) -> bool:
    """Create the session, or change one that exists; return False if it exists, or does not."""
    from django.contrib.sessions.backends.base import CreateError, UpdateError

    try:
        _asked(lambda: session.save(must_create=create))
    except (CreateError, UpdateError):
        return False
    return True


def _asked(call: Callable[[], T]) -> T:
    try:
        return call()
    except Exception as error:
        # Frames and the errors of databases contain the tokens.
        error.__traceback__ = error.__cause__ = error.__context__ = None
        failure = error
    raise failure


def _hashed(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()[:_LONGEST_KEY]


def _check_engine(engine: object) -> None:
    if not isinstance(engine, str) or not engine:
        raise UnsafeUseError(
            "engine must be the path of a module, such as 'django.contrib.sessions.backends.db', "
            f"not {type(engine).__name__}."
        )
    if engine.endswith(".signed_cookies"):
        raise UnsafeUseError(
            "It keeps sessions in cookies: omit SESSIONS, and the sign-in pages do so, with encryption."
        )
