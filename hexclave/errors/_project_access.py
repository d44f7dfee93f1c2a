"""Errors of the project of a request, its access type and its keys."""

from datetime import datetime

from hexclave.errors._details import detail
from hexclave.errors._status import AuthenticationError, BadRequestError, KnownError, NotFoundError


class ProjectAuthenticationError(KnownError):
    """The project's keys are missing, invalid or insufficient."""

    hint = "Check the app's project ID and keys; they must belong to the same project."


class ExpectedInternalProject(ProjectAuthenticationError, AuthenticationError):
    """The endpoint is only available to the project `internal`."""

    code: str | None = "EXPECTED_INTERNAL_PROJECT"
    hint = "Use an app for the project `internal`; this endpoint manages projects."


class InvalidProjectAuthentication(ProjectAuthenticationError):
    """The project, access type and keys of the request do not match."""


class AccessTypeRequired(InvalidProjectAuthentication, BadRequestError):
    """The request has neither an access type nor keys, and the endpoint requires a project."""

    code: str | None = "ACCESS_TYPE_REQUIRED"


class AccessTypeWithoutProjectId(InvalidProjectAuthentication, BadRequestError):
    """The request has an access type but no project ID."""

    code: str | None = "ACCESS_TYPE_WITHOUT_PROJECT_ID"
    hint = "Pass a project ID to the app."
    request_type: str | None = detail(str)


class InsufficientAccessType(InvalidProjectAuthentication, AuthenticationError):
    """The endpoint is not available to this access type."""

    code: str | None = "INSUFFICIENT_ACCESS_TYPE"
    hint = "Use an app with one of the `allowed_access_types`."
    actual_access_type: str | None = detail(str)
    allowed_access_types: list[str] | None = detail(list[str])


class InvalidAccessType(InvalidProjectAuthentication, BadRequestError):
    """The access type is not client, server or admin."""

    code: str | None = "INVALID_ACCESS_TYPE"


class InvalidAdminAccessToken(InvalidProjectAuthentication):
    """The admin access token is not valid for this call."""

    hint = "Get a new access token of a user who manages the project."


class AdminAccessTokenExpired(InvalidAdminAccessToken, AuthenticationError):
    """The admin access token has expired."""

    code: str | None = "ADMIN_ACCESS_TOKEN_EXPIRED"
    expired_at_millis: int | None = detail(int)
    expired_at: datetime | None = detail(datetime, "expired_at_millis")


class AdminAccessTokenIsNotAdmin(InvalidAdminAccessToken, AuthenticationError):
    """The user of the admin access token does not manage this project."""

    code: str | None = "ADMIN_ACCESS_TOKEN_IS_NOT_ADMIN"
    hint = "Sign in as a user who manages the project."


class InvalidProjectForAdminAccessToken(InvalidAdminAccessToken, AuthenticationError):
    """The admin access token was not issued by the project `internal`."""

    code: str | None = "INVALID_PROJECT_FOR_ADMIN_ACCESS_TOKEN"


class UnparsableAdminAccessToken(InvalidAdminAccessToken, AuthenticationError):
    """The admin access token is malformed or its signature is invalid."""

    code: str | None = "UNPARSABLE_ADMIN_ACCESS_TOKEN"


class InvalidPublishableClientKey(InvalidProjectAuthentication, AuthenticationError):
    """The publishable client key does not belong to the project, or has expired."""

    code: str | None = "INVALID_PUBLISHABLE_CLIENT_KEY"
    hint = "Copy the publishable client key of this project."
    project_id: str | None = detail(str)


class InvalidSecretServerKey(InvalidProjectAuthentication, AuthenticationError):
    """The secret server key does not belong to the project, or has expired."""

    code: str | None = "INVALID_SECRET_SERVER_KEY"
    hint = "Copy the secret server key of this project; it may have been replaced."
    project_id: str | None = detail(str)


class InvalidSuperSecretAdminKey(InvalidProjectAuthentication, AuthenticationError):
    """The super secret admin key does not belong to the project, or has expired."""

    code: str | None = "INVALID_SUPER_SECRET_ADMIN_KEY"
    hint = "Copy the super secret admin key of this project; it may have been replaced."
    project_id: str | None = detail(str)


class ProjectKeyWithoutAccessType(InvalidProjectAuthentication, BadRequestError):
    """The request has a key or an admin token but no access type."""

    code: str | None = "PROJECT_KEY_WITHOUT_ACCESS_TYPE"


class ProjectAuthenticationRequired(ProjectAuthenticationError):
    """The request lacks a required key."""

    hint = "Pass the key for the app's access type."


class AdminAuthenticationRequired(ProjectAuthenticationRequired, AuthenticationError):
    """Admin access requires an admin key or an admin access token."""

    code: str | None = "ADMIN_AUTHENTICATION_REQUIRED"
    hint = "Pass a super secret admin key to the app."


class ClientAuthenticationRequired(ProjectAuthenticationRequired, AuthenticationError):
    """Client access requires a publishable client key; sent by older versions of the API."""

    code: str | None = "CLIENT_AUTHENTICATION_REQUIRED"


class ClientOrAdminAuthenticationRequired(ProjectAuthenticationRequired, AuthenticationError):
    """A client key or an admin key is required; sent by older versions of the API."""

    code: str | None = "CLIENT_OR_ADMIN_AUTHENTICATION_REQUIRED"


class ClientOrServerAuthenticationRequired(ProjectAuthenticationRequired, AuthenticationError):
    """A client key or a server key is required; sent by older versions of the API."""

    code: str | None = "CLIENT_OR_SERVER_AUTHENTICATION_REQUIRED"


class ClientOrServerOrAdminAuthenticationRequired(ProjectAuthenticationRequired, AuthenticationError):
    """A client, server or admin key is required; sent by older versions of the API."""

    code: str | None = "CLIENT_OR_SERVER_OR_ADMIN_AUTHENTICATION_REQUIRED"


class PublishableClientKeyRequiredForProject(ProjectAuthenticationRequired, AuthenticationError):
    """The project requires a publishable client key."""

    code: str | None = "PUBLISHABLE_CLIENT_KEY_REQUIRED_FOR_PROJECT"
    hint = "Pass a publishable client key to the app, or turn the requirement off in the project."
    project_id: str | None = detail(str)


class ServerAuthenticationRequired(ProjectAuthenticationRequired, AuthenticationError):
    """Server access requires a secret server key."""

    code: str | None = "SERVER_AUTHENTICATION_REQUIRED"
    hint = "Pass a secret server key to the app."


class BranchDoesNotExist(KnownError, BadRequestError):
    """The project has no branch with this ID."""

    code: str | None = "BRANCH_DOES_NOT_EXIST"
    branch_id: str | None = detail(str)


class CurrentProjectNotFound(KnownError, BadRequestError):
    """The project of the request does not exist."""

    code: str | None = "CURRENT_PROJECT_NOT_FOUND"
    hint = "Check the app's project ID and base URL."
    project_id: str | None = detail(str)


class ProjectNotFound(KnownError, NotFoundError):
    """The requested project does not exist, or is not visible to the caller."""

    code: str | None = "PROJECT_NOT_FOUND"
    project_id: str | None = detail(str)
