"""Django's admin behind the sign-in pages, over a socket, with sessions in Django's database."""

import os
import sqlite3
import subprocess
import sys
from contextlib import closing

import pytest

from hexclave.testing import emulator
from tests.integrations.serving import ROOT, served
from tests.sign_in.conftest import PASSWORD, hidden_field
from tests.sign_in.test_django import Browser
from tests.sign_in.test_pages import where

PROJECT = (sys.executable, "-m", "tests.sign_in.django_admin")


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    database = str(tmp_path_factory.mktemp("admin") / "db.sqlite3")
    with emulator() as hx, pytest.MonkeyPatch.context() as patch:
        patch.setenv("DATABASE", database)
        environment = {**os.environ, **hx.environment()}
        subprocess.run([*PROJECT, "migrate"], cwd=ROOT, env=environment, check=True, capture_output=True)
        with served((*PROJECT, "runserver", "--noreload", "{port}"), hx) as url:
            yield url.replace("127.0.0.1", "localhost"), database


def make_superuser(database, username):
    with closing(sqlite3.connect(database, timeout=20)) as opened, opened:
        change = "update auth_user set is_staff = 1, is_superuser = 1 where username = ?"
        assert opened.execute(change, [username]).rowcount == 1


def test_a_superuser_signs_in_to_the_admin_and_out(site):
    url, database = site
    browser = Browser(url)
    with browser.client:
        browser.sign_up("ada@example.com")
        name, same = browser.get("/who").json()
        assert name == same
        assert browser.get("/admin/").status_code == 302, "no staff"
        make_superuser(database, name)
        browser.post("/auth/sign-out")
        assert browser.get("/who").json() == [None, ""]

        login = browser.get("/admin/").headers["location"]
        page = browser.get(login).headers["location"]
        assert (login, page) == ("/admin/login/?next=/admin/", "/auth/sign-in?next=/admin/login/%3Fnext%3D/admin/")
        wanted = hidden_field(browser.get(page).text, "next")
        back = where(browser.post("/auth/sign-in", email="ada@example.com", password=PASSWORD, next=wanted))
        assert browser.get(back).headers["location"] == "/admin/"
        index = browser.get("/admin/")
        assert index.status_code == 200
        assert browser.get("/admin/auth/user/").status_code == 200

        stolen = browser.client.cookies["hexclave-session"]
        token = hidden_field(index.text, "csrfmiddlewaretoken")
        assert browser.client.post("/admin/logout/", data={"csrfmiddlewaretoken": token}).status_code == 200
        assert browser.get("/admin/").status_code == 302
        thief = Browser(url)
        thief.client.cookies.set("hexclave-session", stolen)
        assert thief.get("/who").json() == [None, ""]
        thief.client.close()


def test_djangos_own_session_does_not_outlast_that_of_hexclave(site):
    browser = Browser(site[0])
    with browser.client:
        browser.sign_up("grace@example.com")
        name, _ = browser.get("/who?login").json()
        assert browser.get("/who").json() == [name, name]
        assert "sessionid" in browser.client.cookies
        browser.client.cookies.delete("hexclave-session")
        assert browser.get("/who").json() == [None, ""]
