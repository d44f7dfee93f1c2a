"""The project that the app is about."""

from hexclave._call import Mode, Resource, call
from hexclave._lift import does, paginates, performs, silent
from hexclave_api.operation import Operation
from hexclave_api.operations import projects


class Project(Resource[Mode]):
    """What everybody may know of the project."""

    get = performs(projects.get_current_project)


class AdminProject(Resource[Mode]):
    """The project and its settings."""

    get = performs(projects.get_admin_project)
    update = performs(projects.update_admin_project)
    delete = does(projects.delete_admin_project)
    preview_onboarding_change = performs(projects.preview_onboarding_change)


class OwnedProjects(Resource[Mode]):
    """The projects of the signed-in user; only in the project `internal`, to which those who own projects belong."""

    list = paginates(projects.list_owned_projects)
    create = performs(projects.create_owned_project)

    @call
    def transfer(self, project_id: str, *, new_team_id: str) -> Operation[None]:
        """Hands a project over to another team of the user. POST /internal/projects/transfer."""
        return silent(projects.transfer_owned_project(project_id=project_id, new_team_id=new_team_id))
