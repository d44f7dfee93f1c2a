"""Testing: an emulator on a loopback port of this process, and apps that use it.

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
    """A running emulator, created by `emulator()`. Use it as a context manager, or call `stop()`.

    It closes the apps it created, except async ones, which you close in their event loop.
    """

    def __init__(self, inner: Emulator) -> None:
        if inner.ready is None:
            raise ValueError("an emulator for tests needs its ready project")
        self.inner: Final = inner
        """The emulator itself: `state`, `transaction()`, `short_coordinates`, `token_life`."""
        self._server = BackgroundServer(inner)
        self.webhook_secret: Final = new_secret()
        """The signing secret of `webhooks` and of deliveries to `send_webhooks_to`."""
        self._apps: list[HexclaveClientApp | HexclaveServerApp | HexclaveAdminApp] = []

    @property
    def base_url(self) -> str:
        """The base URL of the emulator, without `/api/v1`."""
        return self._server.base_url

    @property
    def project(self) -> Ready:
        """The project and its keys; new ones after `reset()`."""
        if self.inner.ready is None:
            raise RuntimeError("the emulator has no ready project")
        return self.inner.ready

    def environment(self) -> dict[str, str]:
        """Return the environment variables for apps without arguments, for `monkeypatch.setenv` or a child process."""
        return {
            "HEXCLAVE_API_URL": self.base_url,
            "HEXCLAVE_PROJECT_ID": self.project.project_id,
            "HEXCLAVE_PUBLISHABLE_CLIENT_KEY": self.project.publishable_client_key,
            "HEXCLAVE_SECRET_SERVER_KEY": self.project.secret_server_key,
            "HEXCLAVE_SUPER_SECRET_ADMIN_KEY": self.project.super_secret_admin_key,
        }

    # -- apps

    def client_app(self, **options: Any) -> HexclaveClientApp:
        """Return an app of the project; `options` are those of the app."""
        return self._kept(HexclaveClientApp(**self._options("publishable_client_key", options)))

    def server_app(self, **options: Any) -> HexclaveServerApp:
        """Return an app of the project; `options` are those of the app."""
        return self._kept(HexclaveServerApp(**self._options("secret_server_key", options)))

    def admin_app(self, **options: Any) -> HexclaveAdminApp:
        """Return an app of the project; `options` are those of the app."""
        return self._kept(HexclaveAdminApp(**self._options("super_secret_admin_key", options)))

    def async_client_app(self, **options: Any) -> AsyncHexclaveClientApp:
        """Return an app of the project; `options` are those of the app. Close it in its event loop."""
        return AsyncHexclaveClientApp(**self._options("publishable_client_key", options))

    def async_server_app(self, **options: Any) -> AsyncHexclaveServerApp:
        """Return an app of the project; `options` are those of the app. Close it in its event loop."""
        return AsyncHexclaveServerApp(**self._options("secret_server_key", options))

    def async_admin_app(self, **options: Any) -> AsyncHexclaveAdminApp:
        """Return an app of the project; `options` are those of the app. Close it in its event loop."""
        return AsyncHexclaveAdminApp(**self._options("super_secret_admin_key", options))

    def _options(self, key: str, options: Mapping[str, Any]) -> dict[str, Any]:
        project = self.project
        return {"project_id": project.project_id, key: getattr(project, key), "base_url": self.base_url, **options}

    def _kept(self, app: App) -> App:
        self._apps.append(app)
        return app

    # -- state and faults

    @property
    def clock(self) -> Clock:
        """The emulator's clock: `advance(seconds)` makes tokens and codes expire."""
        return self.inner.clock

    @property
    def outbox(self) -> Sequence[Mail]:
        """Sent emails, oldest first, with their codes and links."""
        return self.inner.outbox

    @property
    def events(self) -> Sequence[Event]:
        """Webhook events, oldest first."""
        with self.inner.lock:
            return list(self.inner.state[EVENTS])

    @property
    def webhooks(self) -> Sequence[Webhook]:
        """Signed webhooks of the project's events, oldest first, with or without an endpoint for them.

        Pass one to your handler: `client.post("/webhooks", content=hook.body, headers=hook.headers)`.
        """
        with self.inner.lock:
            events = self.inner.state[EVENTS].where(project_id=self.project.project_id)
            return [Webhook.of(event, self.webhook_secret) for event in events]

    def send_webhooks_to(self, url: str, *types: str) -> Endpoint:
        """Deliver new events of these types, or of all types, to this URL.

        Deliveries are signed with `webhook_secret` and retried like those of Svix: after 5 seconds, 5 and 30 minutes,
        2, 5, 10 and 10 hours of the emulator's clock, until a status from 200 to 299 comes within 15 real seconds.

        Raises:
            ValueError: the URL is not an HTTP or HTTPS URL.
        """
        with self.inner.transaction() as state:
            return add_endpoint(state, self.project.project_id, url, types=types, secret=self.webhook_secret)

    @property
    def deliveries(self) -> Sequence[Delivery]:
        """Deliveries to endpoints, sent and pending, oldest first, with all attempts."""
        with self.inner.lock:
            return list(self.inner.state[DELIVERIES])

    def wait_for_webhooks(self, timeout: float = 5.0) -> None:
        """Wait until every due delivery has been attempted. Use `clock.advance` to make later retries due.

        Raises:
            TimeoutError: it takes longer than `timeout` seconds.
        """
        if not self.inner.deliveries.wait(timeout):
            raise TimeoutError(f"webhooks were still in flight after {timeout:g} s")

    @property
    def requests(self) -> Sequence[Logged]:
        """The latest 10,000 requests, oldest first."""
        with self.inner.lock:
            return list(self.inner.log)

    def assert_requested(self, method: str, path: str, *, times: int | None = None) -> Sequence[Logged]:
        """Return the requests with this method and path, such as `/users`, with or without `/api/v1`.

        Args:
            times: the exact number of requests; by default at least one.

        Raises:
            AssertionError: the number is different; the message lists all requests.
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
        """Make the next request fail. `fault` has fields of `Fault`: `times=3`, `reset=True`, `delay=0.5`, `path=…`."""
        made = Fault(status=status, **fault)
        with self.inner.lock:
            self.inner.faults.add(made)
        return made

    def snapshot(self) -> Snapshot:
        """Return a snapshot of the whole state for `restore`."""
        return self.inner.snapshot()

    def restore(self, snapshot: Snapshot) -> None:
        """Restore the state of the snapshot, except clock, faults and requests."""
        self.inner.restore(snapshot)

    def reset(self) -> None:
        """Reset the state: a new project with new keys, real time, no faults."""
        self.inner.reset()

    def rotate_signing_keys(self) -> None:
        """Replace the keys that sign access tokens: tokens issued before become invalid, sessions continue."""
        self.inner.rotate_signing_keys()

    def stop(self) -> None:
        """Close the apps and the port. Idempotent."""
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
    """Start a new emulator on a free loopback port.

    Args:
        db: a SQLite file for the state; by default the state is in memory.
        seed: a file with initial users and other data, see `hexclave_emulator.seeding`.
        stub: return examples instead of 501 for operations that the emulator does not implement.
        release: the version of the API to emulate.

    Raises:
        ValueError: a file is invalid.
    """
    inner = Emulator(db=db, stub=stub, release=release)
    try:
        if seed is not None:
            plant(inner, seed)
        return RunningEmulator(inner)
    except BaseException:
        inner.close()
        raise
