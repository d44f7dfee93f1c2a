"""The requests of every member: the call, then its requests, each with method, URL and body."""

from tests.surface.calls.admin import ADMIN
from tests.surface.calls.client import CLIENT
from tests.surface.calls.customer import CUSTOMER
from tests.surface.calls.server import ANY_SERVER
from tests.surface.calls.values import NAMES, Call

SERVER: list[Call] = [("project.get()", "GET /projects/current", None)]

CALLS: dict[str, list[Call]] = {
    "client": CLIENT + CUSTOMER,
    "server": ANY_SERVER + CUSTOMER + SERVER,
    "admin": ANY_SERVER + CUSTOMER + ADMIN,
}
"""By access type of the app."""

__all__ = ["CALLS", "NAMES", "Call"]
