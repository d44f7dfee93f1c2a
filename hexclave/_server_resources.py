"""What server and admin apps offer. Each resource is made, and its module loaded, when it is touched."""

from typing import TYPE_CHECKING

from hexclave._call import Mode, Offering, offers

if TYPE_CHECKING:
    from hexclave.resources.ai_chats import AiChats
    from hexclave.resources.analytics import AdminAnalytics, Analytics
    from hexclave.resources.api_keys import ServerApiKeys
    from hexclave.resources.config import AdminConfig, Config
    from hexclave.resources.connected_accounts import ServerConnectedAccounts
    from hexclave.resources.contact_channels import ServerContactChannels
    from hexclave.resources.data_vault import DataVault
    from hexclave.resources.deployments import Deployments
    from hexclave.resources.email_domains import EmailDomains
    from hexclave.resources.email_drafts import EmailDrafts
    from hexclave.resources.email_templates import EmailTemplates
    from hexclave.resources.email_themes import EmailThemes
    from hexclave.resources.emails import AdminEmails, Emails
    from hexclave.resources.me import ServerMe
    from hexclave.resources.notifications import ServerNotifications
    from hexclave.resources.oauth_providers import ServerOAuthProviders
    from hexclave.resources.payments import AdminPayments, ServerPayments
    from hexclave.resources.permission_definitions import ProjectPermissionDefinitions, TeamPermissionDefinitions
    from hexclave.resources.permissions import ServerPermissions
    from hexclave.resources.project import AdminProject, Project
    from hexclave.resources.project_keys import ProjectKeys
    from hexclave.resources.project_secrets import ProjectSecrets
    from hexclave.resources.promo_codes import PromoCodes
    from hexclave.resources.session_replays import SessionReplays
    from hexclave.resources.sessions import ServerSessions
    from hexclave.resources.sign_up_rules import SignUpRules
    from hexclave.resources.teams import ServerTeams
    from hexclave.resources.users import Users
    from hexclave.resources.webhooks import Webhooks
    from hexclave.resources.workflows import AdminWorkflows, Workflows


class _AnyServerResources(Offering[Mode]):
    """What every secret key can do."""

    @offers
    def me(self) -> "ServerMe[Mode]":
        """The user of the app's session."""
        from hexclave.resources.me import ServerMe

        return ServerMe(self)

    @offers
    def users(self) -> "Users[Mode]":
        """The users of the project."""
        from hexclave.resources.users import Users

        return Users(self)

    @offers
    def teams(self) -> "ServerTeams[Mode]":
        """Teams: members, invitations, permissions, API keys."""
        from hexclave.resources.teams import ServerTeams

        return ServerTeams(self)

    @offers
    def permissions(self) -> "ServerPermissions[Mode]":
        """What users may do in the project as a whole."""
        from hexclave.resources.permissions import ServerPermissions

        return ServerPermissions(self)

    @offers
    def sessions(self) -> "ServerSessions[Mode]":
        """Where users are signed in."""
        from hexclave.resources.sessions import ServerSessions

        return ServerSessions(self)

    @offers
    def api_keys(self) -> "ServerApiKeys[Mode]":
        """API keys of users."""
        from hexclave.resources.api_keys import ServerApiKeys

        return ServerApiKeys(self)

    @offers
    def contact_channels(self) -> "ServerContactChannels[Mode]":
        """The e-mail addresses of users."""
        from hexclave.resources.contact_channels import ServerContactChannels

        return ServerContactChannels(self)

    @offers
    def notifications(self) -> "ServerNotifications[Mode]":
        """Which kinds of e-mail users want."""
        from hexclave.resources.notifications import ServerNotifications

        return ServerNotifications(self)

    @offers
    def oauth_providers(self) -> "ServerOAuthProviders[Mode]":
        """Accounts at OAuth providers that users sign in with."""
        from hexclave.resources.oauth_providers import ServerOAuthProviders

        return ServerOAuthProviders(self)

    @offers
    def connected_accounts(self) -> "ServerConnectedAccounts[Mode]":
        """Accounts at OAuth providers on whose behalf you may call the provider."""
        from hexclave.resources.connected_accounts import ServerConnectedAccounts

        return ServerConnectedAccounts(self)

    @offers
    def data_vault(self) -> "DataVault[Mode]":
        """Values that only you can read."""
        from hexclave.resources.data_vault import DataVault

        return DataVault(self)

    @offers
    def session_replays(self) -> "SessionReplays[Mode]":
        """Recorded visits."""
        from hexclave.resources.session_replays import SessionReplays

        return SessionReplays(self)

    @offers
    def deployments(self) -> "Deployments[Mode]":
        """Services of yours that run in the project."""
        from hexclave.resources.deployments import Deployments

        return Deployments(self)

    @offers
    def project_secrets(self) -> "ProjectSecrets[Mode]":
        """Secrets that those services are started with."""
        from hexclave.resources.project_secrets import ProjectSecrets

        return ProjectSecrets(self)


class ServerResources(_AnyServerResources[Mode]):
    """What a secret server key can do."""

    @offers
    def payments(self) -> "ServerPayments[Mode]":
        """What customers have bought."""
        from hexclave.resources.payments import ServerPayments

        return ServerPayments(self)

    @offers
    def emails(self) -> "Emails[Mode]":
        """E-mails to users, and the outbox."""
        from hexclave.resources.emails import Emails

        return Emails(self)

    @offers
    def analytics(self) -> "Analytics[Mode]":
        """Queries of the project's events."""
        from hexclave.resources.analytics import Analytics

        return Analytics(self)

    @offers
    def config(self) -> "Config[Mode]":
        """Layers of the project's configuration."""
        from hexclave.resources.config import Config

        return Config(self)

    @offers
    def workflows(self) -> "Workflows[Mode]":
        """Events for workflows, and their runs."""
        from hexclave.resources.workflows import Workflows

        return Workflows(self)

    @offers
    def project(self) -> "Project[Mode]":
        """The project, as everybody may see it."""
        from hexclave.resources.project import Project

        return Project(self)


class AdminResources(_AnyServerResources[Mode]):
    """What a super secret admin key, or an owner of the project, can do."""

    @offers
    def payments(self) -> "AdminPayments[Mode]":
        """What customers have bought, transactions, and how the project takes money."""
        from hexclave.resources.payments import AdminPayments

        return AdminPayments(self)

    @offers
    def promo_codes(self) -> "PromoCodes[Mode]":
        """Codes that make a purchase cheaper."""
        from hexclave.resources.promo_codes import PromoCodes

        return PromoCodes(self)

    @offers
    def emails(self) -> "AdminEmails[Mode]":
        """E-mails to users, the outbox, and how e-mails are made."""
        from hexclave.resources.emails import AdminEmails

        return AdminEmails(self)

    @offers
    def email_themes(self) -> "EmailThemes[Mode]":
        """The frames that e-mails share."""
        from hexclave.resources.email_themes import EmailThemes

        return EmailThemes(self)

    @offers
    def email_templates(self) -> "EmailTemplates[Mode]":
        """E-mails with places for values."""
        from hexclave.resources.email_templates import EmailTemplates

        return EmailTemplates(self)

    @offers
    def email_drafts(self) -> "EmailDrafts[Mode]":
        """E-mails that are not sent yet."""
        from hexclave.resources.email_drafts import EmailDrafts

        return EmailDrafts(self)

    @offers
    def email_domains(self) -> "EmailDomains[Mode]":
        """Domains from which e-mails come."""
        from hexclave.resources.email_domains import EmailDomains

        return EmailDomains(self)

    @offers
    def analytics(self) -> "AdminAnalytics[Mode]":
        """Queries of the project's events, and figures."""
        from hexclave.resources.analytics import AdminAnalytics

        return AdminAnalytics(self)

    @offers
    def config(self) -> "AdminConfig[Mode]":
        """The project's configuration and its layers."""
        from hexclave.resources.config import AdminConfig

        return AdminConfig(self)

    @offers
    def workflows(self) -> "AdminWorkflows[Mode]":
        """Workflows and their runs."""
        from hexclave.resources.workflows import AdminWorkflows

        return AdminWorkflows(self)

    @offers
    def project(self) -> "AdminProject[Mode]":
        """The project and its settings."""
        from hexclave.resources.project import AdminProject

        return AdminProject(self)

    @offers
    def project_keys(self) -> "ProjectKeys[Mode]":
        """The keys with which apps call the API for the project."""
        from hexclave.resources.project_keys import ProjectKeys

        return ProjectKeys(self)

    @offers
    def project_permission_definitions(self) -> "ProjectPermissionDefinitions[Mode]":
        """The permissions that users can have in the project."""
        from hexclave.resources.permission_definitions import ProjectPermissionDefinitions

        return ProjectPermissionDefinitions(self)

    @offers
    def team_permission_definitions(self) -> "TeamPermissionDefinitions[Mode]":
        """The permissions that members can have in a team."""
        from hexclave.resources.permission_definitions import TeamPermissionDefinitions

        return TeamPermissionDefinitions(self)

    @offers
    def sign_up_rules(self) -> "SignUpRules[Mode]":
        """Rules about who may sign up."""
        from hexclave.resources.sign_up_rules import SignUpRules

        return SignUpRules(self)

    @offers
    def webhooks(self) -> "Webhooks[Mode]":
        """Where the project's events are sent."""
        from hexclave.resources.webhooks import Webhooks

        return Webhooks(self)

    @offers
    def ai_chats(self) -> "AiChats[Mode]":
        """Conversations with the dashboard's assistant."""
        from hexclave.resources.ai_chats import AiChats

        return AiChats(self)
