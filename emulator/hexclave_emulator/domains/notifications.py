"""Notification preferences: which emails a user wants."""

from typing import Final

import attrs

from hexclave_emulator.state.ids import new_id
from hexclave_emulator.state.tables import State, table


@attrs.frozen
class Category:
    """A category of emails."""

    id: str
    name: str
    can_disable: bool


CATEGORIES: Final = (
    Category("7bb82d33-2f54-4a3d-9d23-82739e0d66ef", "Transactional", can_disable=False),
    Category("4f6f8873-3d04-46bd-8bef-18338b1a1b4c", "Marketing", can_disable=True),
)
"""All categories; their ids are the same in every project."""


@attrs.frozen(kw_only=True)
class Preference:
    """A user's own choice."""

    id: str
    project_id: str
    user_id: str
    category_id: str
    enabled: bool


PREFERENCES: Final = table("notification_preferences", Preference, indexes=("user_id",))


def wants(state: State, user_id: str, category_id: str) -> bool:
    """Return true if the user receives emails of this category, which is the default."""
    chosen = state[PREFERENCES].first(user_id=user_id, category_id=category_id)
    return chosen is None or chosen.enabled


def choose(state: State, project_id: str, user_id: str, category_id: str, *, enabled: bool) -> None:
    """Store the user's choice."""
    chosen = state[PREFERENCES].first(user_id=user_id, category_id=category_id)
    if chosen is not None:
        state[PREFERENCES].update(chosen, enabled=enabled)
        return
    state[PREFERENCES].insert(
        Preference(id=new_id(), project_id=project_id, user_id=user_id, category_id=category_id, enabled=enabled)
    )
