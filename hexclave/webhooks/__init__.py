"""Webhooks: signature verification, typed events, a router for handlers, and deduplication of deliveries."""

from hexclave.webhooks._deliveries import (
    AsyncDeliveryStore,
    AsyncRedisDeliveryStore,
    DeliveryStore,
    MemoryDeliveryStore,
    RedisDeliveryStore,
)
from hexclave.webhooks._errors import (
    InvalidWebhookError,
    MalformedWebhookError,
    WebhookHeadersError,
    WebhookSignatureError,
    WebhookTimestampError,
)
from hexclave.webhooks._events import UnknownEvent, WebhookEvent
from hexclave.webhooks._router import Handled, Router, verify
from hexclave.webhooks._signature import sign

__all__ = [
    "AsyncDeliveryStore",
    "AsyncRedisDeliveryStore",
    "DeliveryStore",
    "Handled",
    "InvalidWebhookError",
    "MalformedWebhookError",
    "MemoryDeliveryStore",
    "RedisDeliveryStore",
    "Router",
    "UnknownEvent",
    "WebhookEvent",
    "WebhookHeadersError",
    "WebhookSignatureError",
    "WebhookTimestampError",
    "sign",
    "verify",
]
