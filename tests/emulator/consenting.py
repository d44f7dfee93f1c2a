"""A simulated browser that signs in at the fake provider, in this process."""

import base64
import hashlib
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import attrs

from hexclave_emulator import HttpRequest, Reply
from tests.emulator.asking import Asker

REDIRECT_URI = "http://localhost:3000/callback"
VERIFIER = "v" * 43
BASE_URL = "http://localhost:8102"


@attrs.define
class Browser:
    """Goes from the app through the provider back to the app. `cookies` is its jar."""

    ask: Asker
    cookies: dict[str, str] = attrs.field(factory=dict)

    def begin(self, provider_id: str = "github", **changes: Any) -> Reply:
        """Return the API's answer to the first redirect."""
        ready = self.ask.emulator.ready
        assert ready is not None
        query = {
            "client_id": ready.project_id,
            "client_secret": ready.publishable_client_key,
            "redirect_uri": REDIRECT_URI,
            "scope": "legacy",
            "response_type": "code",
            "state": "the app's state",
            "grant_type": "authorization_code",
            "code_challenge": challenge(),
            "code_challenge_method": "S256",
            **changes,
        }
        return self.visit(f"{BASE_URL}/api/v1/auth/oauth/authorize/{provider_id}?{urlencode(query)}")

    def visit(self, url: str, form: dict[str, str] | None = None) -> Reply:
        parts = urlsplit(url)
        headers = {"cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}
        content = b"" if form is None else urlencode(form).encode()
        method = "GET" if form is None else "POST"
        query = parse_qsl(parts.query, keep_blank_values=True)
        reply = self.ask.emulator.handle(HttpRequest(method, parts.path, query, headers, content, BASE_URL))
        cookie = reply.headers.get("set-cookie", "").partition(";")[0]
        if cookie:
            name, _, value = cookie.partition("=")
            self.cookies[name] = value
        return reply

    def consent(self, begun: Reply, **form: str) -> Reply:
        """Return the API's answer to the provider's callback."""
        form = {"decision": "allow", "email": "ada@example.com", "email_verified": "on", **form}
        back = self.visit(begun.headers["location"], form)
        return self.visit(back.headers["location"])

    def sign_in(self, provider_id: str = "github", *, start: dict[str, Any] | None = None, **form: str) -> Reply:
        """Return the answer of the token endpoint at the end."""
        return self.exchange(self.consent(self.begin(provider_id, **(start or {})), **form))

    def exchange(self, finished: Reply, **changes: Any) -> Reply:
        """Exchange the code in the app's callback for tokens."""
        assert finished.status == 303, finished.content
        query = dict(parse_qsl(urlsplit(finished.headers["location"]).query))
        assert query["state"] == "the app's state"
        return self.tokens(query["code"], **changes)

    def tokens(self, code: str, /, **changes: Any) -> Reply:
        ready = self.ask.emulator.ready
        assert ready is not None
        body = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": REDIRECT_URI,
            "code_verifier": VERIFIER,
            "client_id": ready.project_id,
            "client_secret": ready.publishable_client_key,
            **changes,
        }
        headers = {"content-type": "application/x-www-form-urlencoded"}
        return self.ask.plain("POST", "/auth/oauth/token", urlencode(body).encode(), headers)


def challenge() -> str:
    """Return the challenge for `VERIFIER`."""
    return base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
