"""Starting and stopping of the servers, each on private loopback ports, with low connection limits."""

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import attrs
import pytest

REQUESTS = 5
"""The maximum number of requests per connection, for servers with such a limit."""
IDLE = 1
"""Seconds after which a connection that is not used is closed."""
FOLDER = Path(__file__).parent


@attrs.frozen
class Running:
    name: str
    port: int
    tls_port: int
    process: "subprocess.Popen[bytes]"
    limits_requests: bool

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def tls_url(self) -> str:
        return f"https://127.0.0.1:{self.tls_port}"


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port


def needed(program: str, package: str) -> str:
    # Debian installs servers where only root's PATH points.
    path = shutil.which(program, path=f"{os.environ.get('PATH', '')}{os.pathsep}/usr/sbin")
    if path is None:
        pytest.skip(f"{program} is not installed ({package})")
    return path


@contextmanager
def process(command: list[str], log: Path, *ports: int) -> Iterator["subprocess.Popen[bytes]"]:
    """Yield the program once it listens on all ports."""
    environment = os.environ | {"PYTHONPATH": str(FOLDER.parent.parent)}
    with log.open("wb") as output:
        running = subprocess.Popen(command, stdout=output, stderr=output, env=environment)
    try:
        for port in ports:
            for attempt in range(400):
                assert running.poll() is None, f"{command[0]} ended: {log.read_text()}"
                try:
                    socket.create_connection(("127.0.0.1", port), 1).close()
                    break
                except OSError:
                    assert attempt < 399, f"{command[0]} does not listen: {log.read_text()}"
                    time.sleep(0.05)
        yield running
    finally:
        running.terminate()
        running.wait(20)


@contextmanager
def uvicorn(folder: Path, certificate: Path) -> Iterator[Running]:
    """Start one process each for http and https."""
    port, tls_port = free_port(), free_port()
    command = [sys.executable, "-m", "uvicorn", "tests.interop.application:application"]
    command += ["--timeout-keep-alive", str(IDLE), "--log-level", "warning", "--port"]
    with ExitStack() as stack:
        running = stack.enter_context(process([*command, str(port)], folder / "uvicorn.log", port))
        secure = [*command, str(tls_port), "--ssl-certfile", str(certificate), "--ssl-keyfile", str(certificate)]
        stack.enter_context(process(secure, folder / "uvicorn-tls.log", tls_port))
        yield Running("uvicorn", port, tls_port, running, limits_requests=False)


@contextmanager
def hypercorn(folder: Path, certificate: Path) -> Iterator[Running]:
    pytest.importorskip("hypercorn")
    port, tls_port = free_port(), free_port()
    config = folder / "hypercorn.toml"
    config.write_text(
        f"""
        bind = "127.0.0.1:{tls_port}"
        insecure_bind = "127.0.0.1:{port}"
        certfile = "{certificate}"
        keyfile = "{certificate}"
        keep_alive_timeout = {IDLE}
        keep_alive_max_requests = {REQUESTS}
        """
    )
    command = [sys.executable, "-m", "hypercorn", "--config", str(config), "tests.interop.application:application"]
    with process(command, folder / "hypercorn.log", port, tls_port) as running:
        yield Running("hypercorn", port, tls_port, running, limits_requests=True)


@contextmanager
def node(folder: Path, certificate: Path) -> Iterator[Running]:
    program, port, tls_port = needed("node", "Debian package nodejs"), free_port(), free_port()
    command = [program, str(FOLDER / "node_server.mjs"), str(port), str(tls_port), str(certificate)]
    idle = 200  # Current versions add a second themselves.
    with process([*command, str(REQUESTS), str(idle)], folder / "node.log", port, tls_port) as running:
        yield Running("node", port, tls_port, running, limits_requests=True)


@contextmanager
def nginx(folder: Path, certificate: Path, backend: str) -> Iterator[Running]:
    program, port, tls_port = needed("nginx", "Debian package nginx"), free_port(), free_port()
    folder.mkdir()
    temporary = "\n".join(f"{kind}_temp_path {folder};" for kind in ("fastcgi", "uwsgi", "scgi"))
    config = folder / "nginx.conf"
    config.write_text(
        f"""
        {"user root root;" if os.geteuid() == 0 else ""}
        worker_processes 1;
        pid {folder}/nginx.pid;
        error_log stderr;
        events {{}}
        http {{
            access_log off;
            client_body_temp_path {folder}/body;
            proxy_temp_path {folder}/proxy;
            {temporary}
            client_max_body_size 8m;
            keepalive_requests {REQUESTS};
            keepalive_timeout {IDLE}s;
            gzip on;
            gzip_types application/json;
            gzip_proxied any;
            gzip_min_length 1;
            server {{
                listen 127.0.0.1:{port};
                listen 127.0.0.1:{tls_port} ssl;
                ssl_certificate {certificate};
                ssl_certificate_key {certificate};
                location / {{
                    proxy_pass {backend};
                    proxy_http_version 1.1;
                    proxy_set_header Connection "";
                    proxy_set_header X-Connection $connection;
                }}
                location /api/v1/users/refused {{
                    client_max_body_size 1k;
                    proxy_pass {backend};
                }}
            }}
        }}
        """
    )
    command = [program, "-p", str(folder), "-c", str(config), "-g", "daemon off;"]
    with process(command, folder / "nginx.log", port, tls_port) as running:
        yield Running("nginx", port, tls_port, running, limits_requests=True)


@contextmanager
def haproxy(folder: Path, certificate: Path, backend: str) -> Iterator[Running]:
    program, port, tls_port = needed("haproxy", "Debian package haproxy"), free_port(), free_port()
    config = folder / "haproxy.cfg"
    config.write_text(
        f"""
global
    maxconn 1000
defaults
    mode http
    timeout connect 5s
    timeout client 10s
    timeout server 10s
    timeout http-keep-alive {IDLE}s
frontend all
    bind 127.0.0.1:{port}
    bind 127.0.0.1:{tls_port} ssl crt {certificate}
    http-request set-header X-Connection %[src_port]
    default_backend echo
backend echo
    compression algo gzip
    compression type application/json
    server one {backend.removeprefix("http://")}
"""
    )
    with process([program, "-db", "-f", str(config)], folder / "haproxy.log", port, tls_port) as running:
        yield Running("haproxy", port, tls_port, running, limits_requests=False)
