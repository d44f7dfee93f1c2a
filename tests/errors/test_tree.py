"""The classes of `hexclave.errors` and `spec/errors.yaml` are one tree."""

import re
import subprocess
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from hexclave import errors
from hexclave.errors import (
    APIStatusError,
    AuthenticationError,
    BadRequestError,
    ConflictError,
    HexclaveError,
    KnownError,
    NotFoundError,
    PermissionDeniedError,
    RestrictedReason,
    ServerError,
)
from hexclave.errors._details import Detail
from hexclave.errors._homes import HOMES
from hexclave.errors._known import BY_CODE, BY_NAME
from hexclave_api.secret import Secret

ROOT = Path(__file__).parents[2]
FAMILIES = {
    400: BadRequestError,
    401: AuthenticationError,
    403: PermissionDeniedError,
    404: NotFoundError,
    408: APIStatusError,
    409: ConflictError,
    500: ServerError,
    503: ServerError,
}
KINDS = {
    "string": str,
    "integer": int,
    "boolean": bool,
    "string date-time": datetime,
    "string password": Secret,
    "array string": list[str],
    "array object": list[dict[str, object]],
    "object": RestrictedReason,
}


class UniqueKeyLoader(yaml.SafeLoader):
    """YAML uses the last of two equal keys; here that would hide an error."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        assert len(keys) == len(set(keys)), f"a key stands twice near {node.start_mark}"
        return super().construct_mapping(node, deep)


SPEC: dict[str, dict[str, Any]] = yaml.load(
    (ROOT / "spec/errors.yaml").read_text(encoding="utf-8"), Loader=UniqueKeyLoader
)
CONCRETE = {code: entry for code, entry in SPEC.items() if "abstract" not in entry}


def public(kind: type) -> bool:
    return isinstance(kind, type) and issubclass(kind, HexclaveError)


def details_of(known: type[HexclaveError]) -> dict[str, Detail[Any]]:
    return {name: getattr(known, name) for name in known._detail_names}


def test_every_described_error_has_exactly_one_class_and_every_class_is_described() -> None:
    made = {"SessionExpired", "ArgumentNotAvailable"}  # not errors in the spec, but variants that the SDK creates
    assert sorted(entry["class"] for entry in SPEC.values()) == sorted(BY_NAME.keys() - made)
    assert {code: entry["class"] for code, entry in CONCRETE.items()} == {
        code: known.__name__ for code, known in BY_CODE.items()
    }


def test_there_are_141_errors_and_11_families() -> None:
    assert (len(CONCRETE), len(SPEC) - len(CONCRETE)) == (141, 11)


@pytest.mark.parametrize("code", SPEC)
def test_a_class_says_what_its_description_says(code: str) -> None:
    entry = SPEC[code]
    known = BY_NAME[entry["class"]]
    assert set(entry) <= {"class", "status", "abstract", "parent", "details", "when", "since", "deprecated"}
    assert re.fullmatch("20[0-9]{2}-[0-9]{2}", entry["since"])
    assert (known.__doc__ or "").splitlines()[0] == entry["when"]
    assert known.__bases__[0] is (BY_NAME[SPEC[entry["parent"]]["class"]] if "parent" in entry else KnownError)
    if "abstract" in entry:
        assert known.code is None
        assert known.__bases__[1:] == ()
    else:
        assert known.code == code
        assert known.status == entry["status"]
        assert issubclass(known, FAMILIES[entry["status"]])


@pytest.mark.parametrize("code", SPEC)
def test_each_detail_is_an_attribute_of_the_described_type(code: str) -> None:
    described = SPEC[code].get("details", {})
    attributes = details_of(BY_NAME[SPEC[code]["class"]])
    assert {attribute.key for attribute in attributes.values()} == described.keys()
    for key, schema in described.items():
        name = schema.get("attribute", re.sub("(?<=[a-z])[A-Z]", lambda upper: f"_{upper[0].lower()}", key))
        type_name = schema["type"] if isinstance(schema["type"], str) else schema["type"][0]
        kind = " ".join(filter(None, (type_name, schema.get("format"), schema.get("items", {}).get("type"))))
        assert attributes[name].kind == KINDS[kind]


def test_no_detail_hides_an_attribute_that_every_error_has() -> None:
    common = set(dir(HexclaveError("text")))
    for known in BY_NAME.values():
        assert not common & set(known._detail_names)


def test_the_description_is_sorted_as_a_tree() -> None:
    def below(parent: str | None) -> list[str]:
        children = sorted(code for code, entry in SPEC.items() if entry.get("parent") == parent)
        return [code for child in children for code in (child, *below(child))]

    assert list(SPEC) == below(None)


def test_catching_a_parent_catches_its_children() -> None:
    for code, entry in SPEC.items():
        ancestors = [code]
        while parent := SPEC[ancestors[-1]].get("parent"):
            ancestors.append(parent)
        for ancestor in ancestors:
            with pytest.raises(BY_NAME[SPEC[ancestor]["class"]]):
                raise BY_NAME[entry["class"]]("text")


def test_expired_access_token_is_caught_as_invalid_access_token_and_as_401() -> None:
    assert issubclass(errors.AccessTokenExpired, errors.InvalidAccessToken)
    assert issubclass(errors.AccessTokenExpired, errors.SessionAuthenticationError)
    assert issubclass(errors.AccessTokenExpired, AuthenticationError)
    assert not issubclass(errors.RefreshTokenNotFoundOrExpired, errors.SessionAuthenticationError)


def test_public_names_are_sorted_and_complete() -> None:
    assert errors.__all__ == sorted(errors.__all__)
    reachable = {name for name in errors.__all__ if public(getattr(errors, name))}
    assert reachable == set(errors.__all__) - {"RestrictedReason"}
    assert BY_NAME.keys() <= reachable
    in_modules = {
        name
        for module in ("hexclave_api.errors", "hexclave.errors._transport", "hexclave.errors._status")
        for name, kind in vars(sys.modules[module]).items()
        if public(kind)
    }
    assert reachable == in_modules | BY_NAME.keys()


def test_every_class_names_the_public_module() -> None:
    for name in errors.__all__:
        if public(getattr(errors, name)):
            assert getattr(errors, name).__module__ == "hexclave.errors"


def test_each_known_error_is_found_where_it_is_written() -> None:
    assert HOMES.keys() == BY_NAME.keys()
    for name, home in HOMES.items():
        source = (ROOT / f"hexclave/errors/{home}.py").read_text(encoding="utf-8")
        assert f"\nclass {name}(" in source


def test_star_imports_for_type_checkers_name_every_domain() -> None:
    source = (ROOT / "hexclave/errors/__init__.py").read_text(encoding="utf-8")
    starred = set(re.findall(r"from hexclave\.errors\.(_\w+) import \*", source))
    from hexclave.errors import _known

    assert starred == {domain.__name__.rpartition(".")[2] for domain in _known._DOMAINS}
    assert starred | {
        "_details",
        "_homes",
        "_known",
        "_older_servers",
        "_reading",
        "_status",
        "_transport",
        "__init__",
    } == {file.stem for file in (ROOT / "hexclave/errors").glob("*.py")}


def test_the_drawing_is_the_real_tree() -> None:
    drawn: dict[str, str] = {}
    branch: list[tuple[int, str]] = []
    for line in (errors.__doc__ or "").splitlines():
        found = re.match(r"    ([ │├└─]*)(?:\[[a-z ]+\] )?((?:[A-Z]\w+(?:, )?)+)", line)
        if found is None or "HexclaveError" in line:
            continue
        column, names = len(found[1]), re.findall(r"\w+", found[2])
        while branch and branch[-1][0] >= column:
            branch.pop()
        for name in names:
            drawn[name] = branch[-1][1] if branch else "HexclaveError"
        if len(names) == 1 and re.search("[├└]", found[1]):
            branch.append((column, names[0]))
    real = {
        name: getattr(errors, name).__bases__[0].__name__
        for name in errors.__all__
        if name not in ("HexclaveError", "RestrictedReason")
    }
    assert drawn == real


def test_known_errors_are_loaded_when_one_is_needed() -> None:
    """`import hexclave.errors` stays fast: domain modules are imported with the first of their names."""
    script = f"""
import sys, types
package = types.ModuleType("hexclave")
package.__path__ = [{str(ROOT / "hexclave")!r}]
sys.modules["hexclave"] = package
import hexclave.errors
before = set(sys.modules)
assert hexclave.errors.UserNotFound.code == "USER_NOT_FOUND"
loaded = {{name for name in set(sys.modules) - before if name.startswith("hexclave")}}
assert loaded == {{"hexclave.errors._homes", "hexclave.errors._users"}}, loaded
assert "hexclave.errors._oauth" not in before
"""
    subprocess.run([sys.executable, "-c", script], check=True, timeout=60)


def test_a_name_that_does_not_exist_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'UserNotFoundd'"):
        getattr(errors, "UserNotFoundd")  # noqa: B009 -- type checkers would see through the plain form
