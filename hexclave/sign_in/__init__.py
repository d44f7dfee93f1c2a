"""Sign-in pages and browser sessions, the same for all frameworks.

The integrations serve them: `SignIn` of `hexclave.integrations.fastapi`, `starlette`, `asgi` or `flask`, and
`hexclave.integrations.django.sign_in`. Here is what their
options take. Needs `hexclave[sign-in]`.

| sessions | where the tokens are |
|---|---|
| no option | in encrypted cookies |
| `RedisSessions`, `AsyncRedisSessions` | in Redis, for several workers; the cookie has a random ID |
| `DjangoSessions` of `hexclave.integrations.django.sessions` | in Django's session engine; the cookie has a random ID |
| `MemorySessions` | in this process; the cookie has a random ID |
"""

from hexclave.sign_in._messages import Request
from hexclave.sign_in._settings import SignInOptions
from hexclave.sign_in._stores import AsyncRedisSessions, MemorySessions, RedisSessions, Sessions
from hexclave.sign_in._texts import TEXTS

__all__ = ["TEXTS", "AsyncRedisSessions", "MemorySessions", "RedisSessions", "Request", "Sessions", "SignInOptions"]
