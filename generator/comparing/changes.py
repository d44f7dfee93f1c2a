"""The changes between two API descriptions: one change per line of the report.

A change is breaking if a program that is correct against the old description may fail against the new one: immediately
if the change is on the wire, or with the next version of the package if only names and types in the rendered Python
change. Wording is not compared, and neither are error replies, which are described as known errors.
"""

from collections import defaultdict
from collections.abc import Iterator

import attrs

from generator.comparing.calls import calls, differences
from generator.comparing.compatibility import Difference, Fact
from generator.comparing.shapes import Reader
from generator.description import AUDIENCES, METHODS, WEBHOOK, Json


@attrs.frozen
class Change:
    """One change: a line of the report."""

    subject: str
    """An operation (`POST /users`), an event (`webhook user.created`) or a component used in several places."""
    place: str
    """The location in the subject, such as `body.primary_email`; empty for the subject itself."""
    fact: Fact
    access: tuple[str, ...]
    """The access types affected, if the change does not affect all that may call the operation; otherwise empty."""
    operations: tuple[str, ...]
    """The operations and events affected."""

    @property
    def shared(self) -> bool:
        """True if the subject is a component."""
        return self.subject not in self.operations


@attrs.frozen
class _Found:
    """A difference as seen by one access type in one operation."""

    subject: str
    access: str | None
    everyone: frozenset[str | None]
    """The access types that may call the operation, before and after."""
    difference: Difference


def compare(old: Json, new: Json) -> list[Change]:
    """Return every change from `old` to `new`, both valid descriptions: components by name, operations by path, then
    events.

    A change in a component used in several places is reported once, with the operations it affects.
    """
    in_components: dict[tuple[tuple[str, str], Fact], list[_Found]] = defaultdict(list)
    in_operations: dict[tuple[tuple[str, str], Fact], list[_Found]] = defaultdict(list)
    for found in _found(old, new):
        if found.difference.place.in_component:
            in_components[found.difference.place.in_component, found.difference.fact].append(found)
        else:
            in_operations[(found.subject, found.difference.place.outer), found.difference.fact].append(found)
    changes = []
    for (where, fact), same in in_components.items():
        places = {(found.subject, found.difference.place.outer) for found in same}
        if len(places) > 1 or any(found.difference.repeated for found in same):
            subjects = sorted({found.subject for found in same}, key=_order)
            changes.append(Change(where[0], where[1].removeprefix("."), fact, (), tuple(subjects)))
        else:
            for found in same:
                in_operations[(found.subject, found.difference.place.outer), fact].append(found)
    for (where, fact), same in in_operations.items():
        seen_by = {found.access for found in same}
        access = () if seen_by == same[0].everyone else tuple(access for access in AUDIENCES if access in seen_by)
        changes.append(Change(*where, fact, access, where[:1]))
    return sorted(changes, key=_rank)


def _found(old: Json, new: Json) -> Iterator[_Found]:
    before, after = calls(old), calls(new)
    for key in before.keys() | after.keys():
        was, now = before.get(key), after.get(key)
        everyone = frozenset(was.access) & frozenset(now.access) if was and now else frozenset()
        subject = now.subject if now else before[key].subject
        for access in (*AUDIENCES, None):
            for difference in differences(was, now, Reader(old, access), Reader(new, access)):
                yield _Found(subject, access, everyone, difference)


def _rank(change: Change) -> tuple[object, ...]:
    fact = change.fact
    if change.shared:
        subject: tuple[object, ...] = (0, change.subject, fact.direction, change.operations)
    else:
        subject = (1, *_order(change.subject))
    return (*subject, change.place, fact.direction, fact.kind, fact.text, change.access)


def _order(subject: str) -> tuple[bool, str, int]:
    method, _, path = subject.partition(" ")
    return (method == WEBHOOK, path, -1 if method == WEBHOOK else METHODS.index(method.lower()))
