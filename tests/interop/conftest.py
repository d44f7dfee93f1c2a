"""Third-party servers, each started once per test process."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import attrs
import pytest
import trustme

from tests.interop import servers
from tests.interop.servers import Running

NAMES = ["nginx", "haproxy", "uvicorn", "hypercorn", "node"]


@attrs.frozen
class Authority:
    """A certificate authority used only by these tests."""

    file: Path
    chain: Path
    """The certificate of 127.0.0.1 with its key."""


@attrs.define
class Farm:
    """The servers started so far."""

    folder: Path
    authority: Authority
    _stack: ExitStack
    _running: dict[str, Running] = attrs.field(factory=dict)

    def get(self, name: str) -> Running:
        if name not in self._running:
            given = [self.folder / name if name == "nginx" else self.folder, self.authority.chain]
            if name in ("nginx", "haproxy"):
                given.append(self.get("uvicorn").base_url)
            self._running[name] = self._stack.enter_context(getattr(servers, name)(*given))
        return self._running[name]


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    folder = tmp_path_factory.mktemp("authority")
    ca, file, chain = trustme.CA(), folder / "authority.pem", folder / "server.pem"
    ca.cert_pem.write_to_path(str(file))
    ca.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(str(chain))
    return Authority(file, chain)


@pytest.fixture(scope="session")
def farm(authority: Authority, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Farm]:
    with ExitStack() as stack:
        yield Farm(tmp_path_factory.mktemp("servers"), authority, stack)


@pytest.fixture(params=NAMES)
def running(request: pytest.FixtureRequest, farm: Farm) -> Running:
    return farm.get(request.param)


@pytest.fixture(params=["blocking", "async"])
def mode(request: pytest.FixtureRequest) -> str:
    """The mode of the app: blocking or async."""
    return str(request.param)
