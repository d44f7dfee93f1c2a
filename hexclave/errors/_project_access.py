"""Which project a request is for, and whether its keys open that project."""

from datetime import datetime

from hexclave.errors._details import detail
from hexclave.errors._status import AuthenticationError, BadRequestError, KnownError, NotFoundError


class ProjectAuthenticationError(KnownError):
    """The keys of the project are missing, wrong, or not enough."""

    hint = "Check project id and keys of the app; they must come from the same project."


class ExpectedInternalProject(ProjectAuthenticationError, AuthenticationError):
    """The endpoint serves the project named `internal` and no other."""

    code = "EXPECTED_INTERNAL_PROJECT"
    hint = "Use an app for the project `internal`; this endpoint manages projects."


class InvalidProjectAuthentication(ProjectAuthenticationError):
    """What the request says about project, access type and keys does not fit together."""


class AccessTypeRequired(InvalidProjectAuthentication, BadRequestError):
    """The endpoint needs to know the project, and the request names neither access type nor keys."""

    code = "ACCESS_TYPE_REQUIRED"


class AccessTypeWithoutProjectId(InvalidProjectAuthentication, BadRequestError):
    """The request names an access type but no project."""

    code = "ACCESS_TYPE_WITHOUT_PROJECT_ID"
    hint = "Give the app a project id."
    request_type = detail(str)


class InsufficientAccessType(InvalidProjectAuthentication, AuthenticationError):
    """The endpoint is closed to the access type of the request."""

    code = "INSUFFICIENT_ACCESS_TYPE"
    hint = "Make the call with an app of one of `allowed_access_types`."
    actual_access_type = detail(str)
    allowed_access_types = detail(list[str])


class InvalidAccessType(InvalidProjectAuthentication, BadRequestError):
    """The access type is none of client, server and admin."""

    code = "INVALID_ACCESS_TYPE"


class InvalidAdminAccessToken(InvalidProjectAuthentication):
    """The admin access token cannot be used here."""

    hint = "Get a fresh access token of a user who manages the project."


class AdminAccessTokenExpired(InvalidAdminAccessToken, AuthenticationError):
    """The admin access token is too old."""

    code = "ADMIN_ACCESS_TOKEN_EXPIRED"
    expired_at_millis = detail(int)
    expired_at = detail(datetime, "expired_at_millis")


class AdminAccessTokenIsNotAdmin(InvalidAdminAccessToken, AuthenticationError):
    """The user of the admin access token does not manage this project."""

    code = "ADMIN_ACCESS_TOKEN_IS_NOT_ADMIN"
    hint = "Sign in as a user who manages the project."


class InvalidProjectForAdminAccessToken(InvalidAdminAccessToken, AuthenticationError):
    """The admin access token was not issued by the project `internal`."""

    code = "INVALID_PROJECT_FOR_ADMIN_ACCESS_TOKEN"


class UnparsableAdminAccessToken(InvalidAdminAccessToken, AuthenticationError):
    """The admin access token is not a token, or its signature does not hold."""

    code = "UNPARSABLE_ADMIN_ACCESS_TOKEN"


class InvalidPublishableClientKey(InvalidProjectAuthentication, AuthenticationError):
    """The project does not have this publishable client key, or the key has run out."""

    code = "INVALID_PUBLISHABLE_CLIENT_KEY"
    hint = "Copy the publishable client key of this very project."
    project_id = detail(str)


class InvalidSecretServerKey(InvalidProjectAuthentication, AuthenticationError):
    """The project does not have this secret server key, or the key has run out."""

    code = "INVALID_SECRET_SERVER_KEY"
    hint = "Copy the secret server key of this very project; a new one may have replaced it."
    project_id = detail(str)


class InvalidSuperSecretAdminKey(InvalidProjectAuthentication, AuthenticationError):
    """The project does not have this super secret admin key, or the key has run out."""

    code = "INVALID_SUPER_SECRET_ADMIN_KEY"
    hint = "Copy the super secret admin key of this very project; a new one may have replaced it."
    project_id = detail(str)


class ProjectKeyWithoutAccessType(InvalidProjectAuthentication, BadRequestError):
    """The request carries a key or an admin token but names no access type."""

    code = "PROJECT_KEY_WITHOUT_ACCESS_TYPE"


class ProjectAuthenticationRequired(ProjectAuthenticationError):
    """The request lacks a key that it cannot do without."""

    hint = "Give the app the key that belongs to its access type."


class AdminAuthenticationRequired(ProjectAuthenticationRequired, AuthenticationError):
    """Admin access was asked for without an admin key or an admin access token."""

    code = "ADMIN_AUTHENTICATION_REQUIRED"
    hint = "Give the app a super secret admin key."


class ClientAuthenticationRequired(ProjectAuthenticationRequired, AuthenticationError):
    """Client access was asked for without a publishable client key, in older versions of the API."""

    code = "CLIENT_AUTHENTICATION_REQUIRED"


class ClientOrAdminAuthenticationRequired(ProjectAuthenticationRequired, AuthenticationError):
    """Neither a client key nor an admin key was sent, in older versions of the API."""

    code = "CLIENT_OR_ADMIN_AUTHENTICATION_REQUIRED"


class ClientOrServerAuthenticationRequired(ProjectAuthenticationRequired, AuthenticationError):
    """Neither a client key nor a server key was sent, in older versions of the API."""

    code = "CLIENT_OR_SERVER_AUTHENTICATION_REQUIRED"


class ClientOrServerOrAdminAuthenticationRequired(ProjectAuthenticationRequired, AuthenticationError):
    """No key of any kind was sent, in older versions of the API."""

    code = "CLIENT_OR_SERVER_OR_ADMIN_AUTHENTICATION_REQUIRED"


class PublishableClientKeyRequiredForProject(ProjectAuthenticationRequired, AuthenticationError):
    """The project insists on a publishable client key and the request has none."""

    code = "PUBLISHABLE_CLIENT_KEY_REQUIRED_FOR_PROJECT"
    hint = "Give the app a publishable client key, or switch the requirement off in the project."
    project_id = detail(str)


class ServerAuthenticationRequired(ProjectAuthenticationRequired, AuthenticationError):
    """Server access was asked for without a secret server key."""

    code = "SERVER_AUTHENTICATION_REQUIRED"
    hint = "Give the app a secret server key."


class BranchDoesNotExist(KnownError, BadRequestError):
    """The project has no branch with the id that the request names."""

    code = "BRANCH_DOES_NOT_EXIST"
    branch_id = detail(str)


class CurrentProjectNotFound(KnownError, BadRequestError):
    """There is no project with the id that the request is made for."""

    code = "CURRENT_PROJECT_NOT_FOUND"
    hint = "Check the project id of the app and the API that it talks to."
    project_id = detail(str)


class ProjectNotFound(KnownError, NotFoundError):
    """The project asked about does not exist, or is not the caller's to see."""

    code = "PROJECT_NOT_FOUND"
    project_id = detail(str)
