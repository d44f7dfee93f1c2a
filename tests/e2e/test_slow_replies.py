"""Replies that take too long: the limit that applies ends the call, even if bytes keep arriving."""

import socket
import threading

import httpx
import pytest

from hexclave.errors import APIConnectionError, ConnectTimeout, ReadTimeout, TotalTimeout
from hexclave.retries import Retries
from hexclave.timeouts import Timeout
from tests.e2e.calling import Place, Server, at_once, attempted, blocking, call, check, full_backlog, operation

TOTAL = 0.6
PLACES = ["before", "headers", "body"]
ONLY_TOTAL = Timeout(total=TOTAL, connect=None, read=None)


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_drip_ends_with_the_total_timeout(either: Server, mode: str, method: str) -> None:
    """Each byte arrives within the read timeout, and the last one would take minutes."""
    places = {place: either.at("drip", place, 0.1) for place in PLACES}
    limits = Timeout(total=TOTAL, read=0.4)
    for place, outcome in at_once(
        lambda place: call(mode, places[place], operation(method), timeout=limits), places
    ).items():
        check(outcome, total=TOTAL)
        assert type(outcome.error) is TotalTimeout, place
        assert len(places[place].seen) == 1


@pytest.mark.parametrize("place", ["headers", "body"])
def test_a_drip_that_ends_in_time_is_a_reply(either: Server, mode: str, place: str) -> None:
    outcome = call(mode, either.at("drip", place, 0.0005), operation(), timeout=4)
    check(outcome, total=4)
    assert outcome.result["number"] == 1


@pytest.mark.parametrize(
    ("limits", "error"),
    [(Timeout(total=20, read=0.3), ReadTimeout), (Timeout(total=2, connect=None, read=None), TotalTimeout)],
    ids=["read", "total"],
)
def test_silence_ends_with_the_limit_that_comes_first(
    either: Server, mode: str, limits: Timeout, error: type[Exception]
) -> None:
    places = {place: either.at("broken", place, "hold") for place in PLACES}
    for place, outcome in at_once(
        lambda place: call(mode, places[place], operation("POST"), timeout=limits), PLACES
    ).items():
        check(outcome, total=2)
        assert type(outcome.error) is error, place
        assert len(places[place].seen) == 1


def test_the_total_timeout_covers_all_attempts_and_waits(server: Server, mode: str) -> None:
    here = server.at("broken", "before", "hold")
    retries = Retries(attempts=50, first_wait=0.01, longest_wait=0.02)
    outcome = call(mode, here, operation(), timeout=Timeout(total=TOTAL, read=0.2), retries=retries)
    check(outcome, total=TOTAL)
    assert type(outcome.error) in (TotalTimeout, ReadTimeout)
    assert 2 <= len(here.seen) <= 3


@pytest.mark.parametrize(
    ("pause", "limit", "error"),
    [(0.001, Timeout(total=1, connect=None, read=None), TotalTimeout), (30, Timeout(total=20, read=0.3), ReadTimeout)],
    ids=["a little at a time", "nothing"],
)
def test_a_body_that_is_not_taken_ends_the_call(
    server: Server, mode: str, pause: float, limit: Timeout, error: type[Exception]
) -> None:
    here = server.at("unread", pause)
    outcome = call(mode, here, operation("POST", body={"text": "x" * (48 << 20)}), timeout=limit)
    check(outcome, total=1)
    assert type(outcome.error) is error
    assert getattr(outcome.error, "sent", None)
    assert len(here.seen) == 1


def test_no_answer_to_connecting_ends_with_the_connect_timeout(mode: str) -> None:
    with full_backlog() as here:
        limits = Timeout(total=5, connect=0.3)
        outcome = call(mode, here, operation("POST"), timeout=limits, retries=Retries.OFF)
    check(outcome, total=0.3)
    assert type(outcome.error) is ConnectTimeout
    assert not outcome.error.sent


def test_no_answer_to_connecting_ends_with_the_total_timeout_where_nothing_else_limits_it(mode: str) -> None:
    with full_backlog() as here:
        outcome = call(mode, here, operation("POST"), timeout=ONLY_TOTAL)
    check(outcome, total=TOTAL)
    assert type(outcome.error) is TotalTimeout


def test_waiting_for_a_connection_of_the_pool_ends_with_the_total_timeout(server: Server) -> None:
    with httpx.Client(limits=httpx.Limits(max_connections=1)) as pool:
        app = blocking(server.at("ok", 1.5), http_client=pool, timeout=Timeout(total=5, read=3))
        first = threading.Thread(target=app.call, args=[operation()])
        first.start()
        threading.Event().wait(0.2)
        second = attempted(lambda: app.options(timeout=ONLY_TOTAL).call(operation()))
        first.join()
    check(second, total=TOTAL)
    assert type(second.error) is TotalTimeout


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_refused_connection_is_tried_again_because_nothing_was_sent(mode: str, method: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
    outcome = call(mode, Place(port, "nobody", "home"), operation(method))
    check(outcome)
    assert type(outcome.error) is APIConnectionError
    assert not outcome.error.sent
    assert outcome.error.attempts == 3


def test_a_post_arrives_once_the_refused_port_opens(server: Server, mode: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
    got: list[bytes] = []

    def open_later() -> None:
        threading.Event().wait(0.2)
        with socket.create_server(("127.0.0.1", port)) as opened:
            peer, _ = opened.accept()
            with peer:
                got.append(peer.recv(65536))
                peer.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}")

    opening = threading.Thread(target=open_later)
    opening.start()
    # 200 attempts up to 20 ms apart last longer than it takes for the port to open.
    retries = Retries(attempts=200, first_wait=0.02, factor=1)
    outcome = call(mode, Place(port, "nobody", "home"), operation("POST"), retries=retries)
    opening.join()
    check(outcome)
    assert outcome.result == {}
    assert got[0].startswith(b"POST ")
