"""Transports of an app, and the protocols to write your own, passed as `transport=`."""

from hexclave._messages import Reply, Request
from hexclave._transport.clients import AsyncHttpxTransport, HttpxTransport
from hexclave._transport.protocol import AsyncTransport, Transport
from hexclave._transport.sockets import SocketTransport
from hexclave._transport.streams import AsyncSocketTransport

__all__ = [
    "AsyncHttpxTransport",
    "AsyncSocketTransport",
    "AsyncTransport",
    "HttpxTransport",
    "Reply",
    "Request",
    "SocketTransport",
    "Transport",
]
