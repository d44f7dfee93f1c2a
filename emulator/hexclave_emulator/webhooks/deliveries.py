"""Delivery of webhooks: over HTTP, signed, and retried if the endpoint does not accept them."""

import http.client
import threading
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from hexclave_emulator.messages.exchange import JsonObject
from hexclave_emulator.webhooks.endpoints import DELIVERIES, ENDPOINTS, RETRY_AFTER_MILLIS, Delivery, Endpoint, signed

if TYPE_CHECKING:
    from hexclave_emulator.emulator import Emulator

TIMEOUT: Final = 15.0
"""Seconds that an endpoint has to answer, as in Svix."""
_AT_ONCE: Final = 8


class Deliveries:
    """The deliveries of an emulator. Threads exist only while there is something to deliver."""

    def __init__(self, emulator: "Emulator") -> None:
        self._emulator = emulator
        # The emulator's own lock, which guards the state.
        self._changed = threading.Condition(emulator.lock)
        self._running: set[str] = set()
        self._dispatcher: threading.Thread | None = None
        self._stopped = False

    def wake(self) -> None:
        """Check for due deliveries: after new events, or after the clock was moved."""
        with self._changed:
            if not self._stopped and self._dispatcher is None and self._pending():
                self._dispatcher = threading.Thread(target=self._dispatch, name="hexclave-webhooks", daemon=True)
                self._dispatcher.start()
            self._changed.notify_all()

    def stop(self) -> None:
        """Start no more attempts."""
        with self._changed:
            self._stopped = True
            self._changed.notify_all()
            dispatcher = self._dispatcher
        if dispatcher is not None:
            dispatcher.join(TIMEOUT)

    def wait(self, timeout: float) -> bool:
        """Return true if everything due was attempted within the timeout. Later retries are not awaited."""
        with self._changed:
            return self._changed.wait_for(self._is_idle, timeout)

    def _is_idle(self) -> bool:
        return not self._running and not self._due()

    def _pending(self) -> list[Delivery]:
        return self._emulator.state[DELIVERIES].where(progress="pending")

    def _due(self) -> list[Delivery]:
        now = self._emulator.clock.millis()
        return [each for each in self._pending() if each.next_attempt_at_millis <= now]

    def _dispatch(self) -> None:
        while True:
            with self._changed:
                if self._stopped or not (self._running or self._pending()):
                    self._dispatcher = None
                    return
                for delivery in self._due():
                    if len(self._running) < _AT_ONCE and delivery.id not in self._running:
                        self._running.add(delivery.id)
                        threading.Thread(
                            target=self._attempt, args=(delivery,), name="hexclave-webhook", daemon=True
                        ).start()
                self._changed.wait(self._until_next())

    def _until_next(self) -> float | None:
        clock = self._emulator.clock
        waiting = [each.next_attempt_at_millis for each in self._pending() if each.id not in self._running]
        if not waiting or clock.stands_still or len(self._running) >= _AT_ONCE:
            return None
        return max(min(waiting) - clock.millis(), 0) / 1000

    def _attempt(self, delivery: Delivery) -> None:
        try:
            with self._changed:
                endpoint = self._emulator.state[ENDPOINTS].get(delivery.endpoint_id)
            if endpoint is not None:
                self._record(delivery, _post(endpoint, delivery))
        finally:
            with self._changed:
                self._running.discard(delivery.id)
                self._changed.notify_all()

    def _record(self, delivery: Delivery, outcome: JsonObject) -> None:
        with self._emulator.transaction() as state:
            current = state[DELIVERIES].get(delivery.id)
            if current is None or self._stopped:
                return
            now = self._emulator.clock.millis()
            attempts = [*current.attempts, {"at_millis": now, **outcome}]
            if 200 <= outcome.get("status", 0) < 300:
                state[DELIVERIES].update(current, attempts=attempts, progress="delivered")
            elif len(attempts) > len(RETRY_AFTER_MILLIS):
                state[DELIVERIES].update(current, attempts=attempts, progress="failed")
            else:
                due = now + RETRY_AFTER_MILLIS[len(attempts) - 1]
                state[DELIVERIES].update(current, attempts=attempts, next_attempt_at_millis=due)


def _post(endpoint: Endpoint, delivery: Delivery) -> JsonObject:
    """Return the outcome of one attempt. Redirects are not followed: they count as failures, as in Svix."""
    parts = urlsplit(endpoint.url)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.hostname or "", parts.port, timeout=TIMEOUT)
    try:
        headers = signed(delivery.body, endpoint.secret, delivery.message_id)
        connection.request("POST", target, delivery.body.encode(), headers)
        return {"status": connection.getresponse().status}
    except (OSError, http.client.HTTPException, UnicodeError) as error:
        return {"error": f"{type(error).__name__}: {error}"}
    finally:
        connection.close()
