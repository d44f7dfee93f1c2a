"""AI agents that act for a user who approved them."""

from datetime import timedelta

from hexclave._call import Mode, Resource, call
from hexclave._lift import performs
from hexclave_api.inputs import AgentIdentity
from hexclave_api.models import AgentConfirmation, AgentRegistration, AgentRegistrationStatus
from hexclave_api.operation import UNSET, Operation, Unset
from hexclave_api.operations import agents
from hexclave_api.secret import SecretText
from hexclave_api.times import duration_millis


class Agents(Resource[Mode]):
    """How an agent registers, and a user approves it. Newer servers only."""

    get_discovery = performs(agents.get_agent_discovery)
    get_guide = performs(agents.get_agent_guide)

    @call
    def register(
        self,
        *,
        agent: AgentIdentity,
        user_hint: str | Unset = UNSET,
        app_url: str | Unset = UNSET,
        expires_in: timedelta | Unset = UNSET,
    ) -> Operation[AgentRegistration]:
        """An anonymous session that works at once, a code and a link to show to the user, and a token to `poll` with.

        `user_hint` says who is expected to approve; `app_url` is the app to approve in, on a trusted domain; the code
        lives for `expires_in`, at least 30 seconds. POST /agent/register.

        Raises:
            AgentAuthNotEnabled: the project does not admit agents.
        """
        return agents.register_agent(
            agent=agent,
            user_hint=user_hint,
            app_url=app_url,
            expires_in_millis=duration_millis(expires_in, "expires_in"),
        )

    @call
    def poll(self, poll_token: SecretText) -> Operation[AgentRegistrationStatus]:
        """Whether the user has approved; then with tokens. POST /agent/register/poll.

        Raises:
            InvalidPollingCodeError: there is no such registration.
        """
        return agents.poll_agent_registration(poll_token=poll_token)

    @call
    def inspect(self, claim_code: SecretText) -> Operation[AgentConfirmation]:
        """Which agent asks the signed-in user. POST /agent/register/confirm.

        Raises:
            AgentAuthInvalidClaimCode: nothing waits under this code.
        """
        return agents.confirm_agent_registration(claim_code=claim_code, action="inspect")

    @call
    def approve(self, claim_code: SecretText) -> Operation[AgentConfirmation]:
        """Lets the agent act for the signed-in user. POST /agent/register/confirm.

        Raises:
            AgentAuthInvalidClaimCode: nothing waits under this code.
        """
        return agents.confirm_agent_registration(claim_code=claim_code, action="approve")

    @call
    def deny(self, claim_code: SecretText) -> Operation[AgentConfirmation]:
        """Refuses the agent. POST /agent/register/confirm.

        Raises:
            AgentAuthInvalidClaimCode: nothing waits under this code.
        """
        return agents.confirm_agent_registration(claim_code=claim_code, action="deny")
