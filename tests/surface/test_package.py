"""The installed files and the cost of importing them."""

import gzip
import os
import pickle
import subprocess
import sys
import zipfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib import import_module
from pathlib import Path
from threading import Thread

import pytest

import hexclave

ROOT = Path(__file__).parents[2]


def test_each_public_name_exists():
    """Ruff keeps them sorted."""
    assert len(hexclave.__all__) == len(set(hexclave.__all__))
    for name in hexclave.__all__:
        assert getattr(hexclave, name) is not None
    assert set(hexclave.__all__) <= set(dir(hexclave))


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="bogus"):
        getattr(hexclave, "bogus")  # noqa: B009 - type checkers would see through the plain form


def loaded_by(statement):
    code = f"import sys; before = set(sys.modules); {statement}; print(*sorted(set(sys.modules) - before))"
    environment = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True, env=environment)
    return set(done.stdout.split())


def ours(modules):
    return {name for name in modules if name.partition(".")[0] == "hexclave"}


def generated(modules):
    return {name for name in modules if name.partition(".")[0] == "hexclave_api"}


def test_importing_the_package_loads_nothing_that_a_program_may_not_need():
    loaded = loaded_by("import hexclave")
    assert ours(loaded) == {"hexclave", "hexclave._version"}
    assert not generated(loaded)
    assert not loaded & {"anyio", "asyncio", "attr", "certifi", "h11", "httpcore", "httpx"}
    assert not loaded & {
        "concurrent",
        "cryptography",
        "dataclasses",
        "email",
        "http",
        "inspect",
        "json",
        "logging",
        "ssl",
    }


APP = {
    "hexclave",
    "hexclave._app",
    "hexclave._engine.body",
    "hexclave._base_url",
    "hexclave._engine.call",
    "hexclave._engine.context",
    "hexclave._engine.instrumentation",
    "hexclave._engine",
    "hexclave._engine.performing",
    "hexclave._engine.exchange",
    "hexclave._engine.executor",
    "hexclave._many",
    "hexclave._engine.options",
    "hexclave._messages",
    "hexclave._engine.misuse",
    "hexclave._steps",
    "hexclave._engine.checks",
    "hexclave._transport",
    "hexclave._transport.own",
    "hexclave._version",
    "hexclave.apps",
    "hexclave.credentials",
    "hexclave.errors",
    "hexclave.errors._details",
    "hexclave.errors._reading",
    "hexclave.errors._status",
    "hexclave.errors._transport",
    "hexclave.hooks",
    "hexclave.options",
    "hexclave.ratelimit",
    "hexclave.resources",
    "hexclave.resources.by_access",
    "hexclave.retries",
    "hexclave.timeouts",
}
"""The modules of a blocking app with a key. Any other module would slow down each cold start."""
SESSION = {
    "hexclave._engine.session",
    "hexclave.errors._sessions",
    "hexclave.tokens",
    "hexclave.tokens._freshness",
    "hexclave.tokens._memory",
    "hexclave.tokens._store",
}
GETTING_A_USER = {
    "hexclave._transport.address",
    "hexclave._transport.connecting",
    "hexclave._transport.encoding",
    "hexclave._transport.failures",
    "hexclave._transport.parsing",
    "hexclave._transport.pool",
    "hexclave._transport.sockets",
    "hexclave.bulk",
    "hexclave.resources._flows",
    "hexclave.resources.users",
}
LIBRARIES = """
import httptools, json, queue, select, socket, struct, threading, zlib"""
NEVER = (
    *("asyncio", "attr", "concurrent", "cryptography", "dataclasses", "email", "hmac", "http", "httpx", "inspect"),
    *("ipaddress", "logging", "msgspec", "multiprocessing", "ssl", "string", "urllib"),
)
"""None of them is needed by a blocking call over plain http."""


def test_a_blocking_app_loads_what_it_is_made_of():
    loaded = loaded_by("import hexclave; hexclave.HexclaveServerApp('p1', 'ssk_not_a_real_key')")
    assert ours(loaded) == APP
    assert generated(loaded) == generated(
        loaded_by("import hexclave_api.operation, hexclave_api.pagination, hexclave_api.reading")
    )
    assert not loaded & {*NEVER, "httptools", "socket", "ssl"}


def test_a_session_is_loaded_for_those_who_have_one():
    loaded = loaded_by("import hexclave; hexclave.HexclaveClientApp('p1')")
    assert ours(loaded) == APP | SESSION
    assert not loaded & {*NEVER}


class Answering(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        body = gzip.compress(b'{"id": "u1", "oauth_providers": []}')
        self.send_response(200)
        self.send_header("content-encoding", "gzip")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format, *args):  # noqa: A002 - as in the base class
        pass


@pytest.fixture
def url():
    with ThreadingHTTPServer(("127.0.0.1", 0), Answering) as server:
        Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


def test_a_first_call_loads_no_more_than_it_needs(url):
    call = f"hexclave.HexclaveServerApp('p1', 'ssk_not_a_real_key', base_url={url!r}).users.get('u1').id"
    loaded = loaded_by(f"import hexclave; assert {call} == 'u1'")
    assert ours(loaded) == APP | GETTING_A_USER | {"hexclave._transport.decoding"}
    assert generated(loaded) == generated(loaded_by("import hexclave_api.resources.users"))
    assert not loaded & {*NEVER, "hexclave_api._table", "hexclave_api.registry", "hexclave_api.webhooks"}
    others = loaded - ours(loaded) - generated(loaded) - loaded_by(LIBRARIES)
    assert {name.partition(".")[0] for name in others} <= {
        "_datetime",
        "datetime",
        "importlib",
    }


def test_the_generated_package_imports_none_of_its_modules():
    """A thread that imports one of them holds its lock and waits for the package: the other way round is a deadlock."""
    assert generated(loaded_by("import hexclave_api")) <= {"hexclave_api", "hexclave_api.lazy"}


def test_names_touched_by_many_threads_at_once_are_the_same_for_all():
    code = """
import threading, hexclave
names, found, barrier = [*hexclave.__all__, *hexclave.__all__[::-1]], [], threading.Barrier(8)
def touch(names):
    barrier.wait()
    found.append({name: getattr(hexclave, name) for name in names})
threads = [threading.Thread(target=touch, args=[names[place:] + names[:place]]) for place in range(0, 64, 8)]
for thread in threads: thread.start()
for thread in threads: thread.join()
assert len(found) == 8
assert all(one[name] is found[0][name] for one in found for name in hexclave.__all__)
"""
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_names_that_are_loaded_late_can_be_pickled():
    for module in (hexclave, import_module("hexclave.hooks"), import_module("hexclave.tokens")):
        for name in hexclave.__all__:
            value = getattr(module, name, None)
            if isinstance(value, type):
                assert pickle.loads(pickle.dumps(value)) is value


def test_each_module_can_be_the_first_to_be_imported():
    """So no module depends on another one being imported first."""
    code = """
import sys
from importlib import import_module
for name in sys.argv[1:]:
    for loaded in [loaded for loaded in sys.modules if loaded.partition(".")[0] in ("hexclave", "hexclave_api")]:
        del sys.modules[loaded]
    import_module(name)
"""
    files = [
        file for room in (".", "errors", "resources", "tokens") for file in (ROOT / "hexclave" / room).glob("*.py")
    ]
    names = [".".join(file.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__") for file in files]
    subprocess.run([sys.executable, "-c", code, *names], check=True, timeout=60)


def test_the_wheel_holds_three_packages_typed_and_nothing_else(tmp_path):
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(tmp_path)],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    (wheel,) = tmp_path.glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    assert {name.split("/")[0] for name in names if ".dist-info/" not in name} == {
        "hexclave",
        "hexclave_api",
        "hexclave_emulator",
    }
    assert {"hexclave/py.typed", "hexclave_api/py.typed", "hexclave_emulator/py.typed"} <= set(names)
    code = f"import sys; sys.path.insert(0, {str(wheel)!r}); import hexclave; print(hexclave.__file__)"
    cold = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, check=True, capture_output=True, text=True, env={"PYTHONPATH": ""}
    )
    assert str(wheel) in cold.stdout


def test_the_version_is_one():
    assert import_module("hexclave._version").__version__ == hexclave.__version__
