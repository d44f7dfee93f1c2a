"""A project as a folder: one TOML file for each section of its settings, one TSX file for each email."""

import json
import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from hexclave.cli._exits import Exit, Failure
from hexclave.cli._project_settings import EMAILS, PROJECT, Settings, flattened, is_secret, nested

_FILE: Final = re.compile(r"[A-Za-z0-9_-]+")
_SOURCE: Final = ".tsxSource"
_KINDS: Final[Mapping[str, type]] = {"display_name": str, "description": str, "is_production_mode": bool}


def _mistake(path: Path, problem: str, cure: str = "") -> Failure:
    return Failure(f"{path}: {problem}", Exit.USAGE, cure)


def read_folder(folder: Path) -> dict[str, Any]:
    """Return the settings in the folder.

    Raises:
        Failure: it has none, or a file in it has mistakes; the message names the file and the line or setting.
    """
    if not (folder / "project.toml").is_file():
        raise _mistake(folder, "there is no project.toml.", f"hexclave-py config pull {folder}")
    found: dict[str, Any] = {}
    for path in sorted(folder.glob("*.toml")):
        for name, value in _read_section(path).items():
            if is_secret(name, value):
                raise _mistake(path, f"{name} is a secret.", "Remove it, and set it in the dashboard.")
            found[name] = value
    for name, path in _sources(folder):
        if not any(each.startswith(name.removesuffix("tsxSource")) for each in found):
            raise _mistake(path, f"emails.toml has no [{name.removesuffix(_SOURCE)}].")
        if name in found:
            raise _mistake(folder / "emails.toml", f"{name} is also in {path}.", "Remove one of them.")
        found[name] = _text(path)
    for entry in {".".join(name.split(".")[:3]) for name in found if name.startswith(tuple(f"{e}." for e in EMAILS))}:
        if f"{entry}{_SOURCE}" not in found:
            raise _mistake(folder / "emails.toml", f"{entry} has no {_source_path(folder, entry + _SOURCE)}.")
    return found


def _read_section(path: Path) -> dict[str, Any]:
    try:
        content = tomllib.loads(_text(path))
    except tomllib.TOMLDecodeError as error:
        raise _mistake(path, f"{error}.") from None
    own = {name: content.pop(name) for name in PROJECT if name in content} if path.stem == "project" else {}
    for name, value in own.items():
        if not isinstance(value, _KINDS[name]):
            raise _mistake(path, f"{name} must be {'text' if _KINDS[name] is str else 'true or false'}.")
    missing = next((name for name in ("display_name", "is_production_mode") if name not in own), None)
    if path.stem == "project" and missing:
        raise _mistake(path, f"{missing} is missing.")
    if extra := next((name for name in content if name != path.stem), None):
        raise _mistake(path, f"{extra} does not belong in this file, only [{path.stem}].")
    if not isinstance(content.get(path.stem, {}), dict):
        raise _mistake(path, f"{path.stem} must be a table.")
    return own | {name: _decoded(path, name, value) for name, value in flattened(_unpacked(path, content)).items()}


def _unpacked(path: Path, value: Any) -> Any:
    """The content, with the values that TOML cannot express."""
    if isinstance(value, dict):
        if list(value) != ["$json"]:
            return {key: _unpacked(path, item) for key, item in value.items()}
        try:
            return json.loads(value["$json"])
        except (TypeError, ValueError):
            raise _mistake(path, f"not valid JSON: $json = {value['$json']!r}.") from None
    return [_unpacked(path, item) for item in value] if isinstance(value, list) else value


def _decoded(path: Path, name: str, value: Any) -> Any:
    try:
        json.dumps(value, allow_nan=False)
    except (TypeError, ValueError):
        raise _mistake(path, f"{name} must be text, a number, true, false, a list or a table.") from None
    return value


def _text(path: Path) -> str:
    try:
        # Bytes: a template keeps its line ends.
        return path.read_bytes().decode()
    except UnicodeDecodeError:
        raise _mistake(path, "not UTF-8.") from None


def _sources(folder: Path) -> Iterator[tuple[str, Path]]:
    for kind in EMAILS:
        for path in sorted((folder / kind.replace(".", "/")).glob("*.tsx")):
            yield f"{kind}.{path.stem}{_SOURCE}", path


def _source_path(folder: Path, name: str) -> Path | None:
    """The file of a setting that is a source; `None` if it is something else."""
    for kind in EMAILS:
        entry = name.removeprefix(f"{kind}.").removesuffix(_SOURCE)
        if name == f"{kind}.{entry}{_SOURCE}" and _FILE.fullmatch(entry):
            return folder / kind.replace(".", "/") / f"{entry}.tsx"
    return None


def write_folder(folder: Path, settings: Settings, secrets: tuple[str, ...]) -> None:
    """Write the settings, and remove the files of those that are gone. Secrets are named in comments."""
    import tomli_w

    sections: dict[str, dict[str, Any]] = {"project": {}}
    files: dict[Path, bytes] = {}
    for name, value in settings.items():
        path = _source_path(folder, name)
        if path is not None and isinstance(value, str) and _writable(value):
            files[path] = value.encode()
        else:
            sections.setdefault("project" if name in PROJECT else name.partition(".")[0], {})[name] = value
    for name in secrets:
        sections.setdefault(name.partition(".")[0], {})
    for section, values in sections.items():
        left_out = [name for name in secrets if name.partition(".")[0] == section]
        note = "".join(f"# {name} is a secret, and only on the server.\n" for name in left_out)
        own = {name: values.pop(name) for name in PROJECT if name in values} if section == "project" else {}
        tables = own | nested({name: _packed(value) for name, value in values.items()})
        files[folder / f"{section}.toml"] = (note + tomli_w.dumps(tables)).encode()
    for path in [*folder.glob("*.toml"), *(path for _, path in _sources(folder))]:
        if path not in files:
            path.unlink()
    for path, content in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.is_file() or path.read_bytes() != content:
            path.write_bytes(content)


def _writable(value: Any) -> bool:
    """Return whether TOML can express it: no null, no half of a surrogate pair."""
    if isinstance(value, dict):
        return "$json" not in value and all(_writable(key) and _writable(item) for key, item in value.items())
    if isinstance(value, list):
        return all(map(_writable, value))
    return value is not None and not (isinstance(value, str) and re.search("[\ud800-\udfff]", value))


def _packed(value: Any) -> Any:
    return value if _writable(value) else {"$json": json.dumps(value, sort_keys=True)}
