"""Notification preferences of users."""

import pytest

from hexclave_api.operations.notifications import list_notification_preferences, update_notification_preference
from hexclave_emulator.domains.notifications import wants
from tests.emulator.asking import Asker
from tests.emulator.performing import Cast, Person

MARKETING = "4f6f8873-3d04-46bd-8bef-18338b1a1b4c"
NOWHERE = "3f0e7e4c-5a7b-4a53-9d0e-0a4f6f7d1b22"


@pytest.fixture
def ada(cast: Cast) -> Person:
    return cast.person("ada")


def listed(person: Person) -> list[tuple[str, bool, bool]]:
    found = person(list_notification_preferences("me")).items
    return [(each.notification_category_name, each.enabled, each.can_disable) for each in found]


def test_everything_is_wanted_at_first(ada: Person) -> None:
    """There are two categories, and one of them cannot be switched off by users."""
    assert listed(ada) == [("Transactional", True, False), ("Marketing", True, True)]


def test_a_choice_is_kept(cast: Cast, ada: Person) -> None:
    """For this user alone, and it can be taken back."""
    bob = cast.person("bob")
    changed = ada(update_notification_preference("me", MARKETING, enabled=False))
    assert (changed.notification_category_name, changed.enabled) == ("Marketing", False)
    assert listed(ada)[1] == ("Marketing", False, True)
    assert listed(bob)[1] == ("Marketing", True, True)
    assert not wants(cast.ask.emulator.state, ada.id, MARKETING)
    cast.server(update_notification_preference(ada.id, MARKETING, enabled=True))
    assert listed(ada)[1] == ("Marketing", True, True)


def test_clients_choose_for_themselves(cast: Cast, ada: Person) -> None:
    """Another user's preferences are neither shown nor changed; without a user there are none."""
    bob = cast.person("bob")
    listing = list_notification_preferences(bob.id)
    changing = update_notification_preference(bob.id, MARKETING, enabled=False)
    assert ada.refused(listing) == (403, "You can only view your own notification preferences")
    assert ada.refused(changing) == (403, "You can only manage your own notification preferences")
    assert cast.visitor.refused(listing) == (401, "USER_AUTHENTICATION_REQUIRED")
    mine = list_notification_preferences("me")
    assert cast.visitor.refused(mine) == (400, "CANNOT_GET_OWN_USER_WITHOUT_USER")


def test_missing_items(cast: Cast, ada: Person) -> None:
    """Neither unknown categories nor unknown users have preferences."""
    unknown = update_notification_preference("me", NOWHERE, enabled=False)
    assert ada.refused(unknown) == (404, "Notification category not found")
    assert cast.server.refused(list_notification_preferences(NOWHERE)) == (404, "USER_NOT_FOUND")
    assert cast.server.refused(update_notification_preference(NOWHERE, MARKETING, enabled=False))[1] == "USER_NOT_FOUND"


@pytest.mark.parametrize("body", [{}, {"enabled": None}, {"enabled": "perhaps"}, {"enabled": True, "more": 1}])
def test_a_choice_is_yes_or_no(ask: Asker, ada: Person, body: dict[str, object]) -> None:
    """Anything else is a SCHEMA_ERROR."""
    reply = ask.client("PATCH", f"/emails/notification-preference/me/{MARKETING}", body, **ada.headers)
    assert (reply.status, reply.headers.get("x-stack-known-error")) == (400, "SCHEMA_ERROR")
