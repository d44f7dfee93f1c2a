"""Blocking connections to a name, all of whose addresses together have one limit."""

import socket
import time

from hexclave._transport.address import Origin


def connected(origin: Origin, ends: float | None) -> socket.socket:
    """Connect to the first address that answers. Each gets an equal share of the time that is left for all."""
    # As bytes, because Python loads its tables of internationalized names for text.
    found = socket.getaddrinfo(origin.host.encode(), origin.port, type=socket.SOCK_STREAM)
    for number, (family, kind, protocol, _, place) in enumerate(found):
        sock = socket.socket(family, kind, protocol)
        try:
            left = time_left(ends)
            sock.settimeout(None if left is None else left / (len(found) - number))
            sock.connect(place)
        except OSError:
            sock.close()
            if number == len(found) - 1:
                raise
        except BaseException:
            sock.close()
            raise
        else:
            return sock
    raise OSError("the name has no address")


def sooner(one: float | None, other: float | None) -> float | None:
    """Return the smaller of two numbers, either of which may be missing."""
    return min((each for each in (one, other) if each is not None), default=None)


def time_left(ends: float | None) -> float | None:
    if ends is None:
        return None
    left = ends - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left
