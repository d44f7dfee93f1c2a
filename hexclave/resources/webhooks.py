"""Webhooks: where the project's events are sent. Receiving them: `hexclave.webhooks`."""

from hexclave._call import Mode, Resource, call
from hexclave._lift import performs
from hexclave_api.models import TestOutcome
from hexclave_api.operation import Operation
from hexclave_api.operations import webhooks


class Webhooks(Resource[Mode]):
    """The project's webhook endpoints, which Svix keeps."""

    create_token = performs(webhooks.create_webhook_token)

    @call
    def send_test(self, endpoint_id: str) -> Operation[TestOutcome]:
        """Whether a test event could be sent to an endpoint, and if not, why. POST /internal/send-test-webhook."""
        return webhooks.send_test_webhook(endpoint_id=endpoint_id)
