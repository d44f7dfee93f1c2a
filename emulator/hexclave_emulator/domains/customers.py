"""Customers, who own items and products: users, teams, and custom customers of the project."""

from hexclave_emulator.domains.teams import TEAMS, membership
from hexclave_emulator.domains.users import find_user
from hexclave_emulator.messages.refusals import known, plain
from hexclave_emulator.routing.routes import Request
from hexclave_emulator.state.tables import State


def require_own(request: Request, state: State, customer_type: str, customer_id: str, refusal: str) -> None:
    """Refuse clients that ask about anyone but their user and the user's teams: 403 with this text.

    Raises:
        Refusal: also TEAM_MEMBERSHIP_NOT_FOUND and USER_AUTHENTICATION_REQUIRED.
    """
    if not request.is_client:
        return
    user = request.user
    if customer_type == "team":
        if membership(state, customer_id, user.id) is None:
            raise known("TEAM_MEMBERSHIP_NOT_FOUND", team_id=customer_id, user_id=user.id)
    elif customer_type == "custom" or customer_id != user.id:
        raise plain(403, refusal)


def require_customer(request: Request, state: State, customer_type: str, customer_id: str) -> None:
    """Refuse users and teams that do not exist: USER_NOT_FOUND, TEAM_NOT_FOUND."""
    if customer_type == "user":
        find_user(state, request.project.id, customer_id)
    elif customer_type == "team":
        team = state[TEAMS].get(customer_id)
        if team is None or team.project_id != request.project.id:
            raise known("TEAM_NOT_FOUND", team_id=customer_id)
