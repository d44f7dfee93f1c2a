"""Emulation of Stripe: accounts of projects, cards of customers.

Every card is accepted and every payment succeeds immediately.
"""

import secrets
from typing import Final

import attrs

from hexclave_emulator.messages.exchange import JsonObject
from hexclave_emulator.state.ids import new_id, secret
from hexclave_emulator.state.tables import State, table


@attrs.frozen(kw_only=True)
class StripeAccount:
    """The account that receives a project's payments; its id is the project's."""

    id: str
    project_id: str
    account_id: str
    methods: dict[str, bool]
    """Payment methods switched on or off."""


@attrs.frozen(kw_only=True)
class SetupIntent:
    """A card to be entered by a customer, or already entered."""

    id: str
    project_id: str
    customer_type: str
    customer_id: str
    intent_id: str
    is_default: bool = False


ACCOUNTS: Final = table("stripe_accounts", StripeAccount)
INTENTS: Final = table("setup_intents", SetupIntent, indexes=("project_id", "customer_id"))


def account(state: State, project_id: str) -> StripeAccount | None:
    """Return the project's account; `None` before payments are set up."""
    return state[ACCOUNTS].get(project_id)


def open_account(state: State, project_id: str) -> StripeAccount:
    """Return the project's account, creating it if necessary."""
    found = account(state, project_id)
    return found or state[ACCOUNTS].insert(
        StripeAccount(id=project_id, project_id=project_id, account_id=f"acct_{secrets.token_hex(8)}", methods={})
    )


def begin_setup(state: State, project_id: str, customer_type: str, customer_id: str) -> SetupIntent:
    """Create a card to be entered."""
    return state[INTENTS].insert(
        SetupIntent(
            id=new_id(),
            project_id=project_id,
            customer_type=customer_type,
            customer_id=customer_id,
            intent_id=f"seti_{secret(24)}",
        )
    )


def default_method(state: State, project_id: str, customer_type: str, customer_id: str) -> JsonObject | None:
    """Return the customer's default card."""
    found = state[INTENTS].first(
        project_id=project_id, customer_type=customer_type, customer_id=customer_id, is_default=True
    )
    if found is None:
        return None
    return {"id": f"pm_{found.intent_id[5:]}", "brand": "visa", "last4": "4242", "exp_month": 12, "exp_year": 2040}
