"""The three kinds of users. Tokens of each have an audience, issuers and signing keys of their own."""

from collections.abc import Iterable, Mapping
from typing import Final
from urllib.parse import urlsplit

import attrs

from hexclave.errors import UnsafeUseError

_SIBLINGS: Final = tuple(
    frozenset({f"https://api.{stage}stack-auth.com", f"https://api.{stage}hexclave.com"})
    for stage in ("", "dev.", "staging.")
)
"""Two names of the same deployment: each issues tokens in the name of the host that was asked."""


@attrs.frozen
class Kind:
    """What tokens for one kind of user say of themselves, and where their keys are."""

    name: str
    audience: str
    issuers: frozenset[str]
    restricted: bool
    anonymous: bool
    include: Mapping[str, bool]
    """Asks for a document with the keys of this kind and of those before it."""


def kinds(project_id: str, deployments: Iterable[str]) -> tuple[Kind, Kind, Kind]:
    """Normal, restricted and anonymous users, as the deployments (URLs that end in `/api/v1`) know them."""
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
    """The URLs, up to `/api/v1`, in whose name tokens of this deployment may be issued.

    Raises:
        UnsafeUseError: one of `others` is no URL, or goes on after the origin and path prefix of a deployment.
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
        raise UnsafeUseError(f"issuers must hold URLs, not {type(url).__name__}.")
    try:
        parts = urlsplit(url)
    except ValueError:
        parts = urlsplit("")
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        raise UnsafeUseError("issuers must hold absolute URLs such as https://auth.example.com, without a query.")
    if "/api/v1" in parts.path:
        raise UnsafeUseError("issuers must hold URLs that end before /api/v1.")
    return url.rstrip("/")
