"""Secrets that the project's services are started with."""

from hexclave._call import Mode, Resource, call
from hexclave._lift import does, lists
from hexclave_api.models import SetProjectSecret
from hexclave_api.operation import UNSET, Operation, Unset
from hexclave_api.operations import project_secrets
from hexclave_api.secret import SecretText


class ProjectSecrets(Resource[Mode]):
    """The names of the secrets; their values are never told again. Newer servers only."""

    list = lists(project_secrets.list_project_secrets, lambda reply: reply.items)
    delete = does(project_secrets.delete_project_secret)

    @call
    def set(self, key: str, value: SecretText, *, environment: str | Unset = UNSET) -> Operation[SetProjectSecret]:
        """Stores a secret in place of what was there; `created` says whether nothing was. POST /project-secrets.

        `key` has letters, digits, underscores and hyphens; `value` is not empty; the secret is for all environments
        unless one is named.
        """
        return project_secrets.set_project_secret(key=key, value=value, environment=environment)
