"""Origins of URLs. Browsers and `urlsplit` disagree about unusual authorities, so those are refused."""

import re
from typing import Final
from urllib.parse import urlsplit

import attrs

_AUTHORITY: Final = re.compile(r"(?:\[(?P<ipv6>[0-9a-fA-F:.]+)\]|(?P<name>[^][\\@:/?#%\s]+))(?::(?P<port>\d{1,5}))?")
_DEFAULT_PORTS: Final = {"http": 80, "https": 443}
_LOCAL: Final = frozenset({"localhost", "127.0.0.1", "::1"})


@attrs.frozen
class Origin:
    scheme: str
    host: str
    """In lower case; an IPv6 address without brackets."""
    port: int

    @property
    def is_local(self) -> bool:
        """Return true if the host is this machine."""
        return self.host in _LOCAL or self.host.endswith(".localhost")


def origin_of(url: str) -> Origin:
    """Return the origin of an http or https URL.

    Raises:
        ValueError: it has another scheme, credentials, or an authority that is not `host` or `host:port`.
    """
    if "\\" in url or any(character <= " " for character in url):
        raise ValueError("a URL must not contain backslashes or spaces")
    parts = urlsplit(url)
    found = _AUTHORITY.fullmatch(parts.netloc)
    if parts.scheme not in _DEFAULT_PORTS or found is None:
        raise ValueError("expected an http or https URL with a host")
    port = int(found["port"]) if found["port"] else _DEFAULT_PORTS[parts.scheme]
    if not 0 < port < 65536:
        raise ValueError("invalid port")
    return Origin(parts.scheme, (found["ipv6"] or found["name"]).lower(), port)
