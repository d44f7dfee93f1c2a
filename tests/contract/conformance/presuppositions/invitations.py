"""Existing team invitations."""

from hexclave_emulator.credentials.codes import CODES, Code
from hexclave_emulator.operations.invitations import INVITATION
from hexclave_emulator.state.ids import secret
from tests.contract.conformance.world import World, presupposes, views


@presupposes(43)
def make_invitations(world: World) -> None:
    """Create invitations when they first appear, with their own code."""
    for exchange, view in views(world, "id", "team_id", "recipient_email", "expires_at_millis"):
        if not world.is_presupposed(view["id"]) or world.state[CODES].get(view["id"]) is not None:
            continue
        code = secret()
        world.state[CODES].insert(
            Code(
                id=view["id"],
                project_id=exchange.project_id or "",
                kind=INVITATION,
                code=code,
                nonce=code[6:],
                data={"team_id": view["team_id"], "email": view["recipient_email"]},
                created_at_millis=world.begins,
                expires_at_millis=view["expires_at_millis"],
            )
        )
