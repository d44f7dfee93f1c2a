"""The resources of the apps: rendered methods and flows in one class each, in both modes."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import attrs
from openapi_python_client.strings import pascal_case

from generator.description import AUDIENCES, DescriptionError
from generator.rendering.flows import Flow, FlowClass
from generator.rendering.identifiers import file_name
from generator.rendering.methods import Resource


@attrs.frozen
class Maker:
    """A method that returns a resource bound to an object, such as a customer."""

    name: str
    summary: str
    kind: str
    argument: str
    fixed: tuple[str, ...]


@attrs.frozen
class Offered:
    """One resource as seen by apps of some access types."""

    path: str
    name: str
    access: tuple[str, ...]
    summary: str
    base: Resource | None
    flow_class: FlowClass | None
    bound: Mapping[str, str]
    children: Mapping[str, tuple[str, str]]
    """Class and summary, by name."""
    makers: list[Maker]

    @property
    def attribute(self) -> str:
        return self.path.rpartition(".")[2]

    @property
    def flows(self) -> list[Flow]:
        return self.flow_class.flows if self.flow_class else []

    @property
    def is_plain(self) -> bool:
        """True if the rendered class is complete without flows."""
        return not (self.flow_class or self.children or self.makers)

    @property
    def module(self) -> str:
        return file_name(self.name.removeprefix("Server").removeprefix("Admin"))


def offered(resources: Sequence[Resource], flows: Sequence[FlowClass], declared: Mapping[str, Any]) -> list[Offered]:
    """Return every resource, once for each set of access types with the same methods.

    Raises:
        DescriptionError: a resource is declared twice for an access type.
    """
    paths = {*(each.path for each in resources), *(each.resource for each in flows)}
    found: list[Offered] = []
    # Nested resources first: the outer ones refer to their classes by name.
    for path in sorted(
        {*paths, *(path.rpartition(".")[0] for path in paths)} - {""}, key=lambda path: (-path.count("."), path)
    ):
        found += _of_one(path, resources, flows, declared, found)
    return sorted(found, key=lambda each: (each.path, AUDIENCES.index(each.access[0])))


def _of_one(
    path: str,
    resources: Sequence[Resource],
    flows: Sequence[FlowClass],
    declared: Mapping[str, Any],
    inner: Sequence[Offered],
) -> Iterator[Offered]:
    said: Mapping[str, Any] = declared.get(path) or {}
    groups: dict[Any, tuple[list[str], Resource | None, FlowClass | None, list[Offered]]] = {}
    for access in AUDIENCES:
        base = _only([each for each in resources if each.path == path and access in each.access], path, access)
        flow = _only([each for each in flows if each.resource == path and access in each.access], path, access)
        held = [each for each in inner if each.path.rpartition(".")[0] == path and access in each.access]
        if base or flow or held:
            key = (base and base.name, flow and flow.name, tuple(each.name for each in held))
            groups.setdefault(key, ([], base, flow, held))[0].append(access)
    name = said.get("class") or "".join(pascal_case(part) for part in path.split("."))
    for number, (accesses, base, flow, held) in enumerate(groups.values()):
        yield Offered(
            path=path,
            name=(accesses[0].capitalize() if number else "") + name,
            access=tuple(accesses),
            summary=str(
                said.get("summary") or said.get(accesses[0]) or (flow.doc if flow else f"`{path}` of the API.")
            ),
            base=base,
            flow_class=flow,
            bound=base.bound if base else {},
            children={each.attribute: (each.name, each.summary) for each in held if not each.bound},
            makers=[
                Maker(maker, words["summary"], each.name, words["argument"], tuple(words["with"]))
                for each in held
                for maker, words in (declared.get(each.path) or {}).get("made_by", {}).items()
            ],
        )


def _only(found: Sequence[Any], path: str, access: str) -> Any:
    if len(found) > 1:
        names = ", ".join(each.name for each in found)
        raise DescriptionError(f"#: {path} for {access} is declared more than once: {names}")
    return found[0] if found else None
