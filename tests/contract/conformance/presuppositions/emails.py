"""Projects and recipients of emails: names and addresses that appear only in sent emails."""

from typing import Final

from hexclave_emulator.domains.contact_channels import CHANNELS, ContactChannel, primary_channel
from hexclave_emulator.domains.projects import PROJECTS
from hexclave_emulator.domains.users import USERS, User
from hexclave_emulator.state.ids import new_id
from tests.contract.conformance.world import World, presupposes, views

_SUBJECT: Final = "Verify your email at "


@presupposes(13)
def learn_names(world: World) -> None:
    """Learn a project's name from the subject of a standard email."""
    for exchange, found in views(world, "subject", "html"):
        project = world.state[PROJECTS].get(exchange.project_id or "")
        subject = str(found["subject"])
        if project is not None and exchange.route == "POST emails/render-email" and subject.startswith(_SUBJECT):
            world.state[PROJECTS].update(project, display_name=subject[len(_SUBJECT) :])


@presupposes(41)
def make_recipients(world: World) -> None:
    """Give an address to users to whom emails were sent."""
    for exchange in world.exchanges:
        project = world.state[PROJECTS].get(exchange.project_id or "")
        if exchange.route != "POST emails/send-email" or not exchange.succeeded or project is None:
            continue
        for user_id in exchange.body.get("user_ids", ()):
            if not world.is_presupposed(user_id):
                continue
            if world.state[USERS].get(user_id) is None:
                at = world.begins
                user = User(id=user_id, project_id=project.id, signed_up_at_millis=at, last_active_at_millis=at)
                world.state[USERS].insert(user)
            if primary_channel(world.state, user_id) is None:
                channel = ContactChannel(
                    id=new_id(),
                    project_id=project.id,
                    user_id=user_id,
                    value=f"{user_id}@example.com",
                    is_primary=True,
                    is_verified=True,
                    created_at_millis=world.begins,
                )
                world.state[CHANNELS].insert(channel)
