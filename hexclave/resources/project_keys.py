"""Sets of keys with which apps call the API for the project."""

from datetime import datetime

from hexclave._call import Mode, Resource, call
from hexclave._lift import paginates, performs, silent
from hexclave_api.models import CreatedProjectKeySet, ProjectKeySet
from hexclave_api.operation import Operation
from hexclave_api.operations import project_keys
from hexclave_api.times import moment_millis


class ProjectKeys(Resource[Mode]):
    """The project's key sets; of each key, only the last four characters are shown after it was made."""

    list = paginates(project_keys.list_project_key_sets)
    get = performs(project_keys.get_project_key_set)

    @call
    def create(
        self,
        *,
        description: str,
        expires_at: datetime,
        has_publishable_client_key: bool = False,
        has_secret_server_key: bool = False,
        has_super_secret_admin_key: bool = False,
    ) -> Operation[CreatedProjectKeySet]:
        """A new set with the keys that are asked for, told this once; `expires_at` needs a timezone.

        POST /internal/api-keys.
        """
        return project_keys.create_project_key_set(
            description=description,
            expires_at_millis=moment_millis(expires_at, "expires_at"),
            has_publishable_client_key=has_publishable_client_key,
            has_secret_server_key=has_secret_server_key,
            has_super_secret_admin_key=has_super_secret_admin_key,
        )

    @call
    def update(self, key_set_id: str, *, description: str) -> Operation[ProjectKeySet]:
        """The set with another description. PATCH /internal/api-keys/{api_key_id}."""
        return project_keys.update_project_key_set(key_set_id, description=description)

    @call
    def revoke(self, key_set_id: str) -> Operation[None]:
        """Makes the keys of the set unusable for good. PATCH /internal/api-keys/{api_key_id}."""
        return silent(project_keys.update_project_key_set(key_set_id, revoked=True))
