"""Users in the export formats of other providers. The files in `sources` are made up."""

from pathlib import Path
from typing import Any

import pytest

from hexclave.cli._moving.importing import records_of
from hexclave.cli._moving.reading import Source
from hexclave.cli._moving.sources import SOURCES
from hexclave.testing import emulator
from tests.cli.conftest import Run

FILES = {path.stem: path for path in Path(__file__).with_name("sources").iterdir()}
HASH = "$2b$10$abcdefghijklmnopqrstuuJ8gx4yVJkjm1LPlYqDq4n8oTgXc5fYa"
ADA = {"primary_email": "ada@example.com", "primary_email_verified": True, "primary_email_auth_enabled": True}
LIN = {"primary_email": "lin@example.com", "primary_email_verified": False, "primary_email_auth_enabled": True}
PICTURE = "https://example.com/ada.png"
GOOGLE = {"id": "google", "account_id": "1077", "email": "ada@example.com"}

EXPECTED: dict[str, list[tuple[str, dict[str, Any], list[str]]]] = {
    "auth0": [
        (
            "auth0|64f1",
            {
                **ADA,
                "display_name": "Ada Example",
                "profile_image_url": PICTURE,
                "client_metadata": {"theme": "dark"},
                "server_metadata": {"plan": "pro"},
                "oauth_providers": [GOOGLE],
                "restricted_by_admin": True,
                "restricted_by_admin_private_details": "blocked in Auth0",
            },
            [],
        ),
        ("auth0|64f2", {**LIN, "password_hash": HASH}, []),
    ],
    "clerk": [
        (
            "user_1",
            {
                **ADA,
                "display_name": "Ada Example",
                "password_hash": HASH.replace("2b", "2a"),
                "totp_secret_base64": "MTIzNDU2Nzg5MDEyMzQ1Njc4OTA=",
            },
            [],
        ),
        ("user_2", {**LIN, "display_name": "lin"}, ["the password: argon2id", "phone number"]),
    ],
    "firebase": [
        (
            "fb1",
            {
                **ADA,
                "display_name": "Ada",
                "profile_image_url": PICTURE,
                "client_read_only_metadata": {"role": "admin"},
                "oauth_providers": [GOOGLE],
            },
            ["the password: scrypt of Firebase"],
        ),
        ("fb2", {"is_anonymous": True}, []),
    ],
    "supabase": [
        (
            "0f5ad3f5-0000-4000-8000-000000000001",
            {
                **ADA,
                "display_name": "Ada Example",
                "profile_image_url": PICTURE,
                "client_metadata": {"full_name": "Ada Example", "avatar_url": PICTURE},
                "server_metadata": {"plan": "pro"},
                "password_hash": HASH.replace("2b", "2a"),
                "oauth_providers": [{"id": "github", "account_id": "77", "email": "ada@example.com"}],
            },
            [],
        )
    ],
    "cognito": [
        (
            "c-1",
            {
                **ADA,
                "display_name": "Ada",
                "client_read_only_metadata": {"plan": "pro"},
                "oauth_providers": [{**GOOGLE, "email": None}],
                "restricted_by_admin": True,
                "restricted_by_admin_private_details": "disabled in Cognito",
            },
            ["the password: Cognito exports none"],
        )
    ],
    "workos": [
        (
            "user_01",
            {**ADA, "display_name": "Ada Example", "client_read_only_metadata": {"plan": "pro"}},
            ["password and linked accounts: WorkOS exports none"],
        )
    ],
    "better-auth": [
        (
            "b1",
            {
                **ADA,
                "display_name": "Ada",
                "oauth_providers": [{"id": "github", "account_id": "77", "email": None}],
            },
            ["the password: password_hash is not bcrypt, the only hash that the API takes", "second factor"],
        ),
        ("b2", {**LIN, "primary_email_verified": True, "display_name": "Lin", "password_hash": HASH}, []),
    ],
}


@pytest.mark.parametrize("origin", sorted(EXPECTED))
def test_exports_of_other_providers(origin: str) -> None:
    records = list(records_of(Source(FILES[origin]), "users", SOURCES[origin]))
    assert [record.problems for record in records] == [()] * len(records)
    assert [(each.source, each.arguments, list(each.losses)) for each in records] == EXPECTED[origin]


def test_every_source_has_a_fixture() -> None:
    assert set(FILES) == set(EXPECTED) == set(SOURCES) - {"jsonl", "csv"}


@pytest.mark.parametrize("origin", sorted(EXPECTED))
def test_a_row_of_another_format_is_refused_without_its_content(origin: str, tmp_path: Path) -> None:
    file = tmp_path / "other.jsonl"
    file.write_text('{"secret": "hunter22"}\n')
    [record] = records_of(Source(file), "users", SOURCES[origin])
    assert record.problems == ("not in the format of --from",)


def test_the_api_takes_what_the_sources_make(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for origin, path in FILES.items():
        with emulator() as hx:
            for name, value in hx.environment().items():
                monkeypatch.setenv(name, value)
            ran = run("import", "users", str(path), "--from", origin, "--failures", str(tmp_path / "failed"))
            assert ran.status == 0, ran.out + ran.err
            assert len(list(hx.server_app().users.export())) == len(EXPECTED[origin])


@pytest.mark.parametrize("size", [1, 3, 40_000])
def test_json_is_read_in_every_layout(tmp_path: Path, size: int) -> None:
    """One line, several lines, lists, lists in objects; rows that are longer than a chunk."""
    import json

    rows = [{"display_name": f"{number}é", "client_metadata": "x" * size} for number in range(5)]
    for layout in (
        "\n".join(map(json.dumps, rows)),
        json.dumps(rows),
        json.dumps(rows, indent=2),
        "\ufeff" + json.dumps({"users": rows}, indent=1),
        json.dumps({"object": "list", "data": rows, "more": {"users": []}}),
        "\n".join(json.dumps(each, indent=2) for each in rows),
    ):
        file = tmp_path / "rows"
        file.write_text(layout, "utf-8")
        found = list(Source(file))
        assert [row.fields for row in found] == rows
        for row in found:
            assert f"{row.number - 1}" in "".join(layout.splitlines()[row.line - 1 : row.line + 2])


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b'[{"a": 1},\n{"a": ', "line 2: not valid JSON"),
        (b'[{"a": 1}\n', "line 2: not valid JSON: the list does not end"),
        (b'a,b\n1,"2\n', "not valid CSV"),
        (b"a,b\n1,\xff\n", "is not UTF-8"),
    ],
)
def test_damaged_files_are_named_with_the_line(cli: Run, tmp_path: Path, content: bytes, message: str) -> None:
    file = tmp_path / "rows"
    file.write_bytes(content)
    ran = cli("import", "users", str(file), "--dry-run")
    assert ran.status == 5
    assert message in ran.err
