"""Hexclave inside of a test: the emulator on a loopback port of this process, and apps that talk to it.

    from hexclave.testing import emulator

    def test_sign_in():
        with emulator() as hx:
            user = hx.server_app().call(create_user(primary_email="ada@example.com"))

Needs `hexclave[emulator]`.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self, TypeVar

from hexclave import (
    AsyncHexclaveAdminApp,
    AsyncHexclaveClientApp,
    AsyncHexclaveServerApp,
    HexclaveAdminApp,
    HexclaveClientApp,
    HexclaveServerApp,
)
from hexclave_emulator.checking.releases import LATEST, Release
from hexclave_emulator.domains.seed import Ready
from hexclave_emulator.emulator import Emulator, Logged
from hexclave_emulator.mail.messages import Mail
from hexclave_emulator.messages.faults import Fault
from hexclave_emulator.seeding import plant
from hexclave_emulator.server import BackgroundServer
from hexclave_emulator.state.clock import Clock
from hexclave_emulator.state.tables import Snapshot
from hexclave_emulator.webhooks.endpoints import (
    DELIVERIES,
    Delivery,
    Endpoint,
    Webhook,
    add_endpoint,
    new_secret,
)
from hexclave_emulator.webhooks.events import EVENTS, Event

__all__ = ["Fault", "Mail", "RunningEmulator", "Webhook", "emulator"]

App = TypeVar("App", HexclaveClientApp, HexclaveServerApp, HexclaveAdminApp)


class RunningEmulator:
    """An emulator that serves; made by `emulator()`. Use as a context manager, or `stop()` it.

    Apps from here are closed with it, except asynchronous ones, which their event loop must close.
    """

    def __init__(self, inner: Emulator) -> None:
        if inner.ready is None:
            raise ValueError("an emulator for tests needs its ready project")
        self.inner: Final = inner
        """The emulator itself: `state`, `transaction()`, `short_coordinates`, `token_life`."""
        self._server = BackgroundServer(inner)
        self.webhook_secret: Final = new_secret()
        """What `webhooks` and deliveries to `send_webhooks_to` are signed with."""
        self._apps: list[HexclaveClientApp | HexclaveServerApp | HexclaveAdminApp] = []

    @property
    def base_url(self) -> str:
        """Where it listens, without `/api/v1`."""
        return self._server.base_url

    @property
    def project(self) -> Ready:
        """The ready project and its keys; others after `reset()`."""
        if self.inner.ready is None:
            raise RuntimeError("the emulator has no ready project")
        return self.inner.ready

    def environment(self) -> dict[str, str]:
        """The variables that point apps without arguments here, for `monkeypatch.setenv` or a child process."""
        return {
            "HEXCLAVE_API_URL": self.base_url,
            "HEXCLAVE_PROJECT_ID": self.project.project_id,
            "HEXCLAVE_PUBLISHABLE_CLIENT_KEY": self.project.publishable_client_key,
            "HEXCLAVE_SECRET_SERVER_KEY": self.project.secret_server_key,
            "HEXCLAVE_SUPER_SECRET_ADMIN_KEY": self.project.super_secret_admin_key,
        }

    # -- apps

    def client_app(self, **options: Any) -> HexclaveClientApp:
        """An app of the ready project; `options` are those of the app."""
        return self._kept(HexclaveClientApp(**self._options("publishable_client_key", options)))

    def server_app(self, **options: Any) -> HexclaveServerApp:
        """An app of the ready project; `options` are those of the app."""
        return self._kept(HexclaveServerApp(**self._options("secret_server_key", options)))

    def admin_app(self, **options: Any) -> HexclaveAdminApp:
        """An app of the ready project; `options` are those of the app."""
        return self._kept(HexclaveAdminApp(**self._options("super_secret_admin_key", options)))

    def async_client_app(self, **options: Any) -> AsyncHexclaveClientApp:
        """An app of the ready project; `options` are those of the app. Close it in its event loop."""
        return AsyncHexclaveClientApp(**self._options("publishable_client_key", options))

    def async_server_app(self, **options: Any) -> AsyncHexclaveServerApp:
        """An app of the ready project; `options` are those of the app. Close it in its event loop."""
        return AsyncHexclaveServerApp(**self._options("secret_server_key", options))

    def async_admin_app(self, **options: Any) -> AsyncHexclaveAdminApp:
        """An app of the ready project; `options` are those of the app. Close it in its event loop."""
        return AsyncHexclaveAdminApp(**self._options("super_secret_admin_key", options))

    def _options(self, key: str, options: Mapping[str, Any]) -> dict[str, Any]:
        project = self.project
        return {"project_id": project.project_id, key: getattr(project, key), "base_url": self.base_url, **options}

    def _kept(self, app: App) -> App:
        self._apps.append(app)
        return app

    # -- what happened, and what shall happen

    @property
    def clock(self) -> Clock:
        """The emulator's time: `advance(seconds)` lets tokens and codes run out."""
        return self.inner.clock

    @property
    def outbox(self) -> Sequence[Mail]:
        """E-mails that were sent, oldest first, with their codes and links."""
        return self.inner.outbox

    @property
    def events(self) -> Sequence[Event]:
        """Events that webhooks report, oldest first."""
        with self.inner.lock:
            return list(self.inner.state[EVENTS])

    @property
    def webhooks(self) -> Sequence[Webhook]:
        """What the project reports by webhook, oldest first, signed just now, whether or not an endpoint takes it.

        Hand one to your own handler: `client.post("/webhooks", content=hook.body, headers=hook.headers)`.
        """
        with self.inner.lock:
            events = self.inner.state[EVENTS].where(project_id=self.project.project_id)
            return [Webhook.of(event, self.webhook_secret) for event in events]

    def send_webhooks_to(self, url: str, *types: str) -> Endpoint:
        """Deliver events to this URL from now on; without `types` all of them.

        Deliveries are signed with `webhook_secret` and repeated like those of Svix: after 5 seconds, 5 and 30 minutes,
        2, 5, 10 and 10 hours of the emulator's clock, until a status from 200 to 299 comes within 15 real seconds.

        Raises:
            ValueError: the URL is not one of http or https.
        """
        with self.inner.transaction() as state:
            return add_endpoint(state, self.project.project_id, url, types=types, secret=self.webhook_secret)

    @property
    def deliveries(self) -> Sequence[Delivery]:
        """What was sent to endpoints, or is yet to be, oldest first, with every attempt."""
        with self.inner.lock:
            return list(self.inner.state[DELIVERIES])

    def wait_for_webhooks(self, timeout: float = 5.0) -> None:
        """Return when every delivery that is due was attempted. Later retries become due by `clock.advance`.

        Raises:
            TimeoutError: that takes longer than so many seconds.
        """
        if not self.inner.deliveries.wait(timeout):
            raise TimeoutError(f"webhooks were still on their way after {timeout:g} s")

    @property
    def requests(self) -> Sequence[Logged]:
        """The latest 10,000 requests, oldest first."""
        with self.inner.lock:
            return list(self.inner.log)

    def assert_requested(self, method: str, path: str, *, times: int | None = None) -> Sequence[Logged]:
        """The requests with this method and path, such as `/users`; the version in front may be left out.

        Args:
            times: how many there must be; without it, at least one.

        Raises:
            AssertionError: there are not as many; it lists what was asked for instead.
        """
        whole = path if path.startswith("/api/") else f"/api/v1{path}"
        seen = self.requests
        found = [each for each in seen if (each.request.method, each.request.path) == (method, whole)]
        if (not found) if times is None else len(found) != times:
            wanted = "at least once" if times is None else f"{times} times"
            lines = [f"{each.request.method} {each.request.path} -> {each.reply.status}" for each in seen]
            listed = "\n  ".join(["Requests:", *lines]) if lines else "There were no requests."
            raise AssertionError(f"{method} {whole} was expected {wanted} and seen {len(found)} times. {listed}")
        return found

    def fail_next(self, status: int | None = None, **fault: Any) -> Fault:
        """Let the next request fail; `fault` are fields of `Fault`: `times=3`, `reset=True`, `delay=0.5`, `path=…`."""
        made = Fault(status=status, **fault)
        with self.inner.lock:
            self.inner.faults.add(made)
        return made

    def snapshot(self) -> Snapshot:
        """The whole state, to come back to with `restore`."""
        return self.inner.snapshot()

    def restore(self, snapshot: Snapshot) -> None:
        """Be as at the moment of the snapshot. Clock, faults and requests stay."""
        self.inner.restore(snapshot)

    def reset(self) -> None:
        """Begin anew: another project with other keys, real time, no faults."""
        self.inner.reset()

    def stop(self) -> None:
        """Close the apps and the port. Doing it twice does no harm."""
        for app in self._apps:
            app.close()
        self._apps.clear()
        self._server.stop()
        self.inner.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()


def emulator(
    *, db: Path | None = None, seed: Path | None = None, stub: bool = False, release: Release = LATEST
) -> RunningEmulator:
    """A fresh emulator that serves on a free loopback port.

    Args:
        db: a SQLite file that keeps the state; without it the state is lost at the end.
        seed: a file of users and more to begin with, see `hexclave_emulator.seeding`.
        stub: answer operations that the emulator cannot perform with examples instead of 501.
        release: the version of the API to behave like where versions differ.

    Raises:
        ValueError: a file cannot be used.
    """
    inner = Emulator(db=db, stub=stub, release=release)
    try:
        if seed is not None:
            plant(inner, seed)
        return RunningEmulator(inner)
    except BaseException:
        inner.close()
        raise
