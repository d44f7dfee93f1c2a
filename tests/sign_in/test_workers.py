"""Several workers of one application, with sessions in Redis."""

from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from hexclave.sign_in._throttle import PER_ACCOUNT
from hexclave.testing import emulator
from tests.e2e.redis_process import redis_process
from tests.integrations.serving import GUNICORN, UVICORN, served

SERVERS = {
    "fastapi-uvicorn": (*UVICORN, "--workers", "4", "tests.sign_in.redis_app:api"),
    "flask-gunicorn": (*GUNICORN, "--workers", "4", "tests.sign_in.redis_flask_app:app"),
}
JSON = {"accept": "application/json"}


@pytest.fixture(scope="module", params=list(SERVERS))
def served_by_four(request):
    with emulator() as hx, redis_process() as redis, pytest.MonkeyPatch.context() as patch:
        patch.setenv("REDIS_URL", redis.url)
        with served(SERVERS[request.param], hx) as url:
            yield hx, url.replace("127.0.0.1", "localhost")


def sign_up(client, email="ada@example.com", path="/auth/sign-up", password="correct horse battery"):
    token = client.get("/auth/sign-out", headers=JSON).json()["csrf_token"]
    return client.post(path, json={"email": email, "password": password}, headers={**JSON, "x-csrf-token": token})


def test_one_of_200_parallel_requests_refreshes_and_nobody_is_signed_out(served_by_four, record_property):
    hx, url = served_by_four
    hx.inner.token_life = 2  # so that every worker's own clock finds it expired, without waiting
    with httpx.Client(base_url=url, trust_env=False, timeout=30) as client:
        assert sign_up(client).json() == {"redirect": "/"}
        hx.inner.token_life = 600
        cookies = dict(client.cookies)

    def ask(_):
        with httpx.Client(base_url=url, trust_env=False, timeout=30, cookies=cookies) as one:
            return one.get("/private", headers=JSON)

    with ThreadPoolExecutor(100) as pool:
        answers = list(pool.map(ask, range(200)))
    assert [answer.status_code for answer in answers] == [200] * 200
    workers = {answer.json()["worker"] for answer in answers}
    assert len(workers) > 1
    hx.assert_requested("POST", "/auth/sessions/current/refresh", times=1)
    record_property("figures", f"200 requests over {len(workers)} workers: one refresh")


def test_attempts_are_counted_by_all_workers(served_by_four):
    _, url = served_by_four
    statuses = []
    for _ in range(PER_ACCOUNT + 1):
        with httpx.Client(base_url=url, trust_env=False, timeout=30) as client:
            statuses.append(
                sign_up(client, email="lin@example.com", path="/auth/sign-in", password="wrong password").status_code
            )
    assert statuses == [422] * PER_ACCOUNT + [429]
