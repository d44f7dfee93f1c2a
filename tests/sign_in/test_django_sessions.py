"""Django's session engines as stores of browser sessions: each real engine, in processes of their own."""

import os
import subprocess
import sys
import textwrap

import pytest

from tests.integrations.serving import ROOT

ENGINES = ("db", "cache", "cached_db", "file")

PRELUDE = """
import sys
from pathlib import Path
import django
from django.conf import settings

engine, directory = sys.argv[1], Path(sys.argv[2])
settings.configure(
    CACHES={
        "default": {
            "BACKEND": "django.core.cache.backends.filebased.FileBasedCache",
            "LOCATION": directory / "cache",
        }
    },
    DATABASES={
        "default": {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": directory / "db",
            "OPTIONS": {"timeout": 20},
        }
    },
    INSTALLED_APPS=["django.contrib.sessions"],
    SECRET_KEY="k" * 50,
    SESSION_ENGINE=f"django.contrib.sessions.backends.{engine}",
    SESSION_FILE_PATH=str(directory),
)
django.setup()
from importlib import import_module
from hexclave.integrations.django.sessions import DjangoSessions
from hexclave.tokens import Tokens

sessions = DjangoSessions()
"""


def start(tmp_path, engine, source, *arguments):
    command = [sys.executable, "-c", PRELUDE + textwrap.dedent(source), engine, str(tmp_path), *arguments]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def run(tmp_path, engine, source, *arguments):
    process = start(tmp_path, engine, source, *arguments)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    return out.strip()


CONTRACT = """
from django.core.management import call_command
call_command("migrate", verbosity=0)
first, second = Tokens("a1", "r1"), Tokens("a2", "r1")
store = sessions.open("one")
assert store is sessions.open("one") and store is not sessions.open("two")
assert store.load() is None
assert not store.compare_and_set(first.refresh_token, second), "signed out"
assert store.load() is None
store.save(first)
assert DjangoSessions().open("one").load() == first, "kept in the engine"
assert sessions.open("two").load() is None
assert not store.compare_and_set(Tokens("x", "other").refresh_token, second)
assert store.load() == first
assert store.compare_and_set(first.refresh_token, second) and store.load() == second
store.save(first)
assert store.load() == first
assert store.compare_and_set(first.refresh_token, None) and store.load() is None
assert store.compare_and_set(None, first) and store.load() == first
store.save(None)
store.save(None)
assert store.load() is None

# A sign-out while the tokens are refreshed stays one.
store.save(first)
other = DjangoSessions().open("one")
found = type(other).load
type(other).load = lambda self: (found(self), store.save(None))[0]
assert not other.compare_and_set(first.refresh_token, second)
type(other).load = found
assert store.load() is None

# One process refreshes, until its ticket is back or has expired.
store.save(first)
ticket = store.begin_refresh()
assert ticket and other.begin_refresh() is None
other.end_refresh("another ticket")
assert other.begin_refresh() is None
store.end_refresh(ticket)
again = other.begin_refresh()
assert again
from django.utils import timezone
import time, datetime
real, clock = timezone.now, time.time
timezone.now = lambda: real() + datetime.timedelta(seconds=16)
time.time = lambda: clock() + 16
ticket = store.begin_refresh()
assert ticket, "expired"
time.time, timezone.now = clock, real
store.end_refresh(ticket)
assert store.load() == first
print("held")
"""


@pytest.mark.parametrize("engine", ENGINES)
def test_the_engine_keeps_sessions(tmp_path, engine):
    assert run(tmp_path, engine, CONTRACT) == "held"


PREPARE = """
from django.core.management import call_command
call_command("migrate", verbosity=0)
sessions.open("one").save(Tokens("a1", "r1"))
"""

CONTEND = """
import time
store = sessions.open("one")
(directory / f"ready{sys.argv[3]}").touch()
while not (directory / "go").exists():
    time.sleep(0.005)
ticket = store.begin_refresh()
print("refreshed" if ticket else "waits")
time.sleep(0.5)  # the request to the API
if ticket:
    store.compare_and_set(store.load().refresh_token, Tokens("a2", "r1"))
    store.end_refresh(ticket)
"""


def test_one_process_of_several_refreshes_in_the_database(tmp_path):
    run(tmp_path, "db", PREPARE)
    processes = [start(tmp_path, "db", CONTEND, str(number)) for number in range(4)]
    while not all((tmp_path / f"ready{number}").exists() for number in range(4)):
        assert all(process.poll() is None for process in processes)
    (tmp_path / "go").touch()
    ends = [process.communicate(timeout=60) for process in processes]
    assert sorted(out.strip() for out, _ in ends) == ["refreshed", "waits", "waits", "waits"], ends
    assert run(tmp_path, "db", "print(sessions.open('one').load().access_token.reveal())") == "a2"


SECRETS = """
from django.db import connection
import traceback
try:
    sessions.open("one").save(Tokens("secret-access", "secret-refresh"))
except Exception as error:
    shown = "".join(traceback.TracebackException.from_exception(error, capture_locals=True).format())
    assert "secret-" not in shown.replace('Tokens("secret-access", "secret-refresh")', ""), shown
    print(type(error).__name__)
"""


def test_errors_do_not_show_tokens(tmp_path):
    assert run(tmp_path, "db", SECRETS) == "OperationalError"


WRONG = """
from django.core.exceptions import ImproperlyConfigured
from hexclave.errors import UnsafeUseError
from hexclave.integrations.django.sign_in import SignInMiddleware
from django.test import override_settings

for given in (5, "", "django.contrib.sessions.backends.signed_cookies"):
    try:
        DjangoSessions(given)
    except UnsafeUseError as error:
        assert "engine" in str(error) or "cookies" in str(error)
    else:
        raise AssertionError(given)
for given in ("django.contrib.sessions.backends.signed_cookies", "no.such", "json"):
    setting = {
        "PROJECT_ID": "00000000-0000-4000-8000-000000000000",
        "PUBLISHABLE_CLIENT_KEY": "pck_example",
        "SESSIONS": DjangoSessions(),
    }
    with override_settings(SESSION_ENGINE=given, HEXCLAVE_SIGN_IN=setting):
        try:
            SignInMiddleware(lambda request: None)
        except ImproperlyConfigured as error:
            assert repr(given) in str(error), error
        else:
            raise AssertionError(given)
print("held")
"""


def test_engines_that_cannot_be_used_stop_the_server(tmp_path):
    assert run(tmp_path, "db", WRONG) == "held"


def test_settings_modules_can_create_them(tmp_path):
    """Without reading settings, which do not exist while the module is imported."""
    (tmp_path / "project_settings.py").write_text(
        "from hexclave.integrations.django.sessions import DjangoSessions\n"
        "HEXCLAVE_SIGN_IN = {'SESSIONS': DjangoSessions()}\nSECRET_KEY = 'k' * 50\n"
    )
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "project_settings", "PYTHONPATH": f"{tmp_path}:{ROOT}"}
    source = "import django; django.setup(); from django.conf import settings; print(settings.HEXCLAVE_SIGN_IN)"
    done = subprocess.run([sys.executable, "-c", source], env=environment, capture_output=True, text=True)
    assert "DjangoSessions" in done.stdout, done.stderr
