"""The three kinds of users, whose tokens have different audiences, issuers and signing keys."""

from collections.abc import Iterable, Mapping
from typing import Final
from urllib.parse import urlsplit

import attrs

from hexclave.errors import UnsafeUseError

_SIBLINGS: Final = tuple(
    frozenset({f"https://api.{stage}stack-auth.com", f"https://api.{stage}hexclave.com"})
    for stage in ("", "dev.", "staging.")
)
"""Pairs of hosts of the same deployment: tokens have the host of the request as their issuer."""


@attrs.frozen
class Kind:
    """Audience, issuers and keys of tokens for a kind of user."""

    name: str
    audience: str
    issuers: frozenset[str]
    restricted: bool
    anonymous: bool
    include: Mapping[str, bool]
    """Query of the JWKS document with the keys of this kind and of those before it."""


def kinds(project_id: str, deployments: Iterable[str]) -> tuple[Kind, Kind, Kind]:
    """Return the kinds normal, restricted and anonymous for these deployments (URLs that end in `/api/v1`)."""
    urls = list(deployments)

    def kind(name: str, path: str, suffix: str, restricted: bool, anonymous: bool, **include: bool) -> Kind:
        issuers = frozenset(f"{url}/{path}/{project_id}" for url in urls)
        return Kind(name, project_id + suffix, issuers, restricted, anonymous, include)

    return (
        kind("normal", "projects", "", False, False),
        kind("restricted", "projects-restricted-users", ":restricted", True, False, include_restricted=True),
        kind("anonymous", "projects-anonymous-users", ":anon", True, True, include_anonymous=True),
    )


def deployments(base_url: str, others: Iterable[str]) -> frozenset[str]:
    """Return the URLs, including `/api/v1`, under which this deployment may issue tokens.

    Raises:
        UnsafeUseError: one of `others` is not a URL, or is more than the origin and path prefix of a deployment.
    """
    if isinstance(others, str) or not isinstance(others, Iterable):
        raise UnsafeUseError(f"issuers must be a list of URLs, not one {type(others).__name__}.")
    urls = {base_url, *(f"{_checked(url)}/api/v1" for url in others)}
    for siblings in _SIBLINGS:
        hosts = {f"{host}/api/v1" for host in siblings}
        if hosts & urls:
            urls |= hosts
    return frozenset(urls)


def _checked(url: str) -> str:
    if not isinstance(url, str):
        raise UnsafeUseError(f"issuers must contain URLs, not {type(url).__name__}.")
    try:
        parts = urlsplit(url)
    except ValueError:
        parts = urlsplit("")
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        raise UnsafeUseError("issuers must contain absolute URLs such as https://auth.example.com, without a query.")
    if "/api/v1" in parts.path:
        raise UnsafeUseError("issuers must contain URLs without /api/v1.")
    return url.rstrip("/")
