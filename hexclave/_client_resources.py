"""What a client app offers. Each resource is made, and its module loaded, when it is touched."""

from typing import TYPE_CHECKING

from hexclave._call import Mode, Offering, offers

if TYPE_CHECKING:
    from hexclave.resources.agents import Agents
    from hexclave.resources.api_keys import ApiKeys
    from hexclave.resources.auth import Auth
    from hexclave.resources.connected_accounts import ConnectedAccounts
    from hexclave.resources.contact_channels import ContactChannels
    from hexclave.resources.me import Me
    from hexclave.resources.notifications import Notifications
    from hexclave.resources.oauth_providers import OAuthProviders
    from hexclave.resources.payments import Payments
    from hexclave.resources.permissions import Permissions
    from hexclave.resources.project import OwnedProjects, Project
    from hexclave.resources.sessions import Sessions
    from hexclave.resources.teams import Teams


class ClientResources(Offering[Mode]):
    """What a signed-in user can do."""

    @offers
    def auth(self) -> "Auth[Mode]":
        """Signing in, up and out."""
        from hexclave.resources.auth import Auth

        return Auth(self)

    @offers
    def me(self) -> "Me[Mode]":
        """The signed-in user."""
        from hexclave.resources.me import Me

        return Me(self)

    @offers
    def teams(self) -> "Teams[Mode]":
        """The user's teams: members, invitations, permissions, API keys."""
        from hexclave.resources.teams import Teams

        return Teams(self)

    @offers
    def permissions(self) -> "Permissions[Mode]":
        """What the user may do in the project as a whole."""
        from hexclave.resources.permissions import Permissions

        return Permissions(self)

    @offers
    def sessions(self) -> "Sessions[Mode]":
        """Where the user is signed in."""
        from hexclave.resources.sessions import Sessions

        return Sessions(self)

    @offers
    def api_keys(self) -> "ApiKeys[Mode]":
        """The user's API keys."""
        from hexclave.resources.api_keys import ApiKeys

        return ApiKeys(self)

    @offers
    def contact_channels(self) -> "ContactChannels[Mode]":
        """The user's e-mail addresses."""
        from hexclave.resources.contact_channels import ContactChannels

        return ContactChannels(self)

    @offers
    def notifications(self) -> "Notifications[Mode]":
        """Which kinds of e-mail the user wants."""
        from hexclave.resources.notifications import Notifications

        return Notifications(self)

    @offers
    def oauth_providers(self) -> "OAuthProviders[Mode]":
        """Accounts at OAuth providers that the user signs in with."""
        from hexclave.resources.oauth_providers import OAuthProviders

        return OAuthProviders(self)

    @offers
    def connected_accounts(self) -> "ConnectedAccounts[Mode]":
        """Accounts at OAuth providers on whose behalf you may call the provider."""
        from hexclave.resources.connected_accounts import ConnectedAccounts

        return ConnectedAccounts(self)

    @offers
    def payments(self) -> "Payments[Mode]":
        """What the user and their teams have bought."""
        from hexclave.resources.payments import Payments

        return Payments(self)

    @offers
    def project(self) -> "Project[Mode]":
        """The project, as everybody may see it."""
        from hexclave.resources.project import Project

        return Project(self)

    @offers
    def owned_projects(self) -> "OwnedProjects[Mode]":
        """The projects that the user owns; only in the project `internal`."""
        from hexclave.resources.project import OwnedProjects

        return OwnedProjects(self)

    @offers
    def agents(self) -> "Agents[Mode]":
        """AI agents that ask the user for approval."""
        from hexclave.resources.agents import Agents

        return Agents(self)
