"""The example apps in real servers, each a separate process, and users with credentials for them."""

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import attrs

from hexclave import HexclaveServerApp
from hexclave.testing import RunningEmulator, emulator

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent

GUNICORN = (
    sys.executable,
    "-m",
    "gunicorn",
    "--threads",
    "8",
    "--keep-alive",
    "75",
    "--bind",
    "127.0.0.1:{port}",
    "--no-control-socket",
)
UVICORN = (sys.executable, "-m", "uvicorn", "--log-level", "warning", "--port", "{port}")

BACKENDS: dict[str, Sequence[str]] = {
    "fastapi-uvicorn": (*UVICORN, "examples.fastapi_app:api"),
    "flask-gunicorn": (*GUNICORN, "examples.flask_app:app"),
    "django-gunicorn": (*GUNICORN, "examples.django_app:application"),
    "django-uvicorn": (*UVICORN, "examples.django_app:asgi"),
    "django-runserver": (sys.executable, "examples/django_app.py", "runserver", "--noreload", "{port}"),
}


@attrs.frozen
class World:
    """An emulator with the users of its project."""

    emulator: RunningEmulator
    app: HexclaveServerApp
    user_id: str
    token: str
    expired: str
    restricted: str
    anonymous: str
    reader: str
    author: str
    member: str
    api_key: str
    team_key: str
    team_id: str


@contextmanager
def populated() -> Iterator[World]:
    """Yield a project with users of every kind."""
    with emulator() as hx:
        app, admin = hx.server_app(), hx.admin_app()
        admin.project_permission_definitions.create("read_reports")
        admin.team_permission_definitions.create("write_documents")
        user, reader, author, member = (
            app.users.create(primary_email=f"{name}@example.com", primary_email_verified=True, display_name=name)
            for name in ("ada", "reader", "author", "member")
        )
        limited = app.users.create(primary_email="limited@example.com", restricted_by_admin=True)
        team = app.teams.create(display_name="Analysts")
        for each in (author, member):
            app.teams.members.add(team.id, each.id)
        app.teams.permissions.grant(team.id, author.id, "write_documents")
        app.permissions.grant(reader.id, "read_reports")

        def token(user_id: str) -> str:
            return app.sessions.create(user_id).access_token.reveal()

        hx.clock.advance(-3600)
        expired = token(user.id)
        hx.clock.advance(3600)
        visitor = hx.client_app(allow_anonymous=True)
        anonymous = visitor.auth.sign_up_anonymously()
        yield World(
            emulator=hx,
            app=app,
            user_id=user.id,
            token=token(user.id),
            expired=expired,
            restricted=token(limited.id),
            anonymous=anonymous.access_token.reveal(),
            reader=token(reader.id),
            author=token(author.id),
            member=token(member.id),
            api_key=app.api_keys.create(user.id, description="Export").value.reveal(),
            team_key=app.teams.api_keys.create(team.id, description="Robots").value.reveal(),
            team_id=team.id,
        )


@contextmanager
def served(command: Sequence[str], hx: RunningEmulator) -> Iterator[str]:
    """Yield the URL at which the command serves; it is ended afterwards with all its child processes."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {**os.environ, **hx.environment(), "HEXCLAVE_WEBHOOK_SECRET": hx.webhook_secret}
    environment["SESSION_SECRET"] = "a secret for tests, long enough to be one"
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(
            [part.format(port=port) for part in command],
            cwd=ROOT,
            env=environment,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            deadline = time.monotonic() + 30
            while not _listens(port):
                if process.poll() is not None or time.monotonic() > deadline:
                    output.seek(0)
                    raise RuntimeError(f"{' '.join(command)} does not serve:\n{output.read().decode()}")
                time.sleep(0.02)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
