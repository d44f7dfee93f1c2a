"""A small server on this machine that answers like the API for users and sign-ins, from data of its own.

It lets the demo, the examples and the documentation run without an account. Everything lives in memory.
"""

import base64
import json
import secrets
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

PROJECT_ID: Final = "00000000-0000-4000-8000-000000000001"
SECRET_SERVER_KEY: Final = "ssk_example_not_a_real_key_000000000000000000000"
PUBLISHABLE_CLIENT_KEY: Final = "pck_example_not_a_real_key_000000000000000000000"

_KEYS = {
    "client": ("x-stack-publishable-client-key", PUBLISHABLE_CLIENT_KEY),
    "server": ("x-stack-secret-server-key", SECRET_SERVER_KEY),
}
_SERVER_FIELDS = {
    "display_name",
    "primary_email",
    "primary_email_verified",
    "primary_email_auth_enabled",
    "password",
    "profile_image_url",
    "client_metadata",
    "client_read_only_metadata",
    "server_metadata",
    "selected_team_id",
}
_ONLY_FOR_SERVERS = {
    "primary_email_auth_enabled",
    "server_metadata",
    "last_active_at_millis",
    "restricted_by_admin_private_details",
    "country_code",
    "risk_scores",
}


class KnownError(Exception):
    """Becomes a reply in the API's form."""

    def __init__(self, status: int, code: str, text: str, **details: object) -> None:
        super().__init__(text)
        self.status, self.code, self.text, self.details = status, code, text, details


class Project:
    """The state: users by id, and whom each refresh token belongs to."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.users: dict[str, dict[str, Any]] = {}
        self.passwords: dict[str, str] = {}
        self.sessions: dict[str, str] = {}

    def add_user(self, fields: dict[str, Any]) -> dict[str, Any]:
        email = fields.get("primary_email")
        if email and any(user["primary_email"] == email for user in self.users.values()):
            raise KnownError(
                409,
                "USER_EMAIL_ALREADY_EXISTS",
                f"A user with {email} exists.",
                email=email,
                would_work_if_email_was_verified=False,
            )
        now = int(time.time() * 1000)
        user = {
            "id": str(uuid.uuid4()),
            "display_name": None,
            "primary_email": None,
            "primary_email_verified": False,
            "primary_email_auth_enabled": False,
            "profile_image_url": None,
            "signed_up_at_millis": now,
            "last_active_at_millis": now,
            "client_metadata": None,
            "client_read_only_metadata": None,
            "server_metadata": None,
            "selected_team": None,
            "selected_team_id": None,
            "is_anonymous": False,
            "is_restricted": False,
            "restricted_reason": None,
            "restricted_by_admin": False,
            "restricted_by_admin_reason": None,
            "restricted_by_admin_private_details": None,
            "country_code": None,
            "risk_scores": {"sign_up": {"bot": 0, "free_trial_abuse": 0}},
            "has_password": "password" in fields,
            "auth_with_email": bool(email),
            "otp_auth_enabled": False,
            "passkey_auth_enabled": False,
            "requires_totp_mfa": False,
            "oauth_providers": [],
        }
        self.users[user["id"]] = user
        return self.change_user(user, fields)

    def change_user(self, user: dict[str, Any], fields: dict[str, Any]) -> dict[str, Any]:
        unknown = fields.keys() - _SERVER_FIELDS
        if unknown:
            message = f"body contains unknown properties: {', '.join(sorted(unknown))}"
            raise KnownError(400, "SCHEMA_ERROR", message, message=message)
        password = fields.get("password")
        if password is not None:
            if len(password) < 8:
                raise KnownError(400, "PASSWORD_TOO_SHORT", "The password is too short.", min_length=8)
            self.passwords[user["id"]] = password
        user |= {name: value for name, value in fields.items() if name != "password"}
        return user

    def user(self, user_id: str) -> dict[str, Any]:
        if user_id not in self.users:
            raise KnownError(404, "USER_NOT_FOUND", "User not found.")
        return self.users[user_id]

    def sign_in(self, user: dict[str, Any]) -> dict[str, Any]:
        refresh_token = secrets.token_hex(23)[:45]
        self.sessions[refresh_token] = user["id"]
        return {"access_token": _access_token(user), "refresh_token": refresh_token, "user_id": user["id"]}


def _access_token(user: dict[str, Any]) -> str:
    """Shaped like the API's, and good for nothing else: it is not signed."""
    now = int(time.time())
    claims = {"sub": user["id"], "iat": now, "exp": now + 600, "project_id": PROJECT_ID}
    parts = ({"alg": "none"}, claims)
    return ".".join(
        [*(base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts), "x"]
    )


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    project: Project

    def answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        try:
            with self.project.lock:
                status, reply = self.route(json.loads(body or b"{}"))
            headers = {}
        except KnownError as error:
            status, headers = error.status, {"x-stack-known-error": error.code}
            reply = {"code": error.code, "error": error.text} | ({"details": error.details} if error.details else {})
        content = json.dumps(reply).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json; charset=utf-8")
        self.send_header("content-length", str(len(content)))
        self.send_header("x-stack-request-id", secrets.token_hex(8))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST = do_PATCH = do_DELETE = answer

    def route(self, body: dict[str, Any]) -> tuple[int, Any]:
        access = self.headers.get("x-stack-access-type", "")
        header, key = _KEYS.get(access, ("", ""))
        if self.headers.get("x-stack-project-id") != PROJECT_ID:
            raise KnownError(400, "CURRENT_PROJECT_NOT_FOUND", "The project does not exist.")
        if self.headers.get(header) != key:
            code = "INVALID_SECRET_SERVER_KEY" if access == "server" else "INVALID_PUBLISHABLE_CLIENT_KEY"
            raise KnownError(401, code, "The key is not valid for this project.", project_id=PROJECT_ID)
        url = urlsplit(self.path)
        segments = url.path.removeprefix("/api/v1/").split("/")
        query = dict(parse_qsl(url.query))
        project = self.project
        match self.command, segments, access:
            case "POST", ["users"], "server":
                return 201, project.add_user(body)
            case "GET", ["users"], "server":
                return 200, self.list_users(query)
            case "GET", ["users", "me"], _:
                return 200, self.seen(self.current_user(), access)
            case "PATCH", ["users", "me"], _:
                return 200, self.seen(project.change_user(self.current_user(), body), access)
            case "GET", ["users", user_id], "server":
                return 200, project.user(user_id)
            case "PATCH", ["users", user_id], "server":
                return 200, project.change_user(project.user(user_id), body)
            case "DELETE", ["users", user_id], "server":
                del project.users[project.user(user_id)["id"]]
                return 200, {"success": True}
            case "POST", ["auth", "password", "sign-up"], "client":
                fields = {"primary_email": body["email"], "password": body["password"]}
                return 200, project.sign_in(project.add_user(fields))
            case "POST", ["auth", "password", "sign-in"], "client":
                for user in project.users.values():
                    if user["primary_email"] == body["email"] and project.passwords.get(user["id"]) == body["password"]:
                        return 200, project.sign_in(user)
                raise KnownError(400, "EMAIL_PASSWORD_MISMATCH", "Wrong e-mail or password.")
            case "POST", ["auth", "sessions", "current", "refresh"], _:
                user_id = project.sessions.get(self.headers.get("x-stack-refresh-token", ""))
                if user_id is None:
                    raise KnownError(401, "REFRESH_TOKEN_NOT_FOUND_OR_EXPIRED", "The session is over.")
                return 200, {"access_token": _access_token(project.user(user_id))}
            case "DELETE", ["auth", "sessions", "current"], _:
                user_id = self.current_user()["id"]
                project.sessions = {token: owner for token, owner in project.sessions.items() if owner != user_id}
                return 200, {"success": True}
        raise KnownError(
            404, "SCHEMA_ERROR", f"This small server does not know {self.command} {url.path}.", message="unknown"
        )

    def list_users(self, query: dict[str, str]) -> dict[str, Any]:
        users = list(self.project.users.values())
        if query.get("desc") == "true":
            users.reverse()
        start = next((place for place, user in enumerate(users) if user["id"] == query.get("cursor")), 0)
        end = start + int(query.get("limit", len(users) or 1))
        following = users[end]["id"] if end < len(users) else None
        return {"items": users[start:end], "is_paginated": True, "pagination": {"next_cursor": following}}

    def current_user(self) -> dict[str, Any]:
        try:
            payload = self.headers["x-stack-access-token"].split(".")[1]
            claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        except (TypeError, ValueError, IndexError, AttributeError):
            raise KnownError(400, "CANNOT_GET_OWN_USER_WITHOUT_USER", "Nobody is signed in.") from None
        return self.project.user(claims["sub"])

    @staticmethod
    def seen(user: dict[str, Any], access: str) -> dict[str, Any]:
        return user if access == "server" else {name: user[name] for name in user if name not in _ONLY_FOR_SERVERS}

    def log_message(self, *_: object) -> None:
        """Quiet: the demo prints what matters."""


@contextmanager
def serve() -> Iterator[str]:
    """The base URL of a fresh server, for as long as the block runs."""
    handler: Callable[..., BaseHTTPRequestHandler] = type("Handler", (_Handler,), {"project": Project()})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()
