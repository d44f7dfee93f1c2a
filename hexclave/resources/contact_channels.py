"""The e-mail addresses of users."""

from hexclave._call import Mode, Resource, call, pages
from hexclave._lift import does, mine, performs, silent, whole
from hexclave_api.models import ContactChannel
from hexclave_api.operation import UNSET, Operation, Unset
from hexclave_api.operations import contact_channels
from hexclave_api.pagination import Pages
from hexclave_api.secret import SecretText


class _AnyContactChannels(Resource[Mode]):
    @call
    def verify(self, code: SecretText) -> Operation[None]:
        """Marks an address as verified by the code of its verification e-mail. POST /contact-channels/verify.

        Raises:
            VerificationCodeError: the code does not work, or no longer; its subclasses say why.
        """
        return silent(contact_channels.verify_contact_channel(code=code))

    @call
    def check_code(self, code: SecretText) -> Operation[None]:
        """Nothing if `verify` would accept the code now. POST /contact-channels/verify/check-code.

        Raises:
            VerificationCodeError: it would not; its subclasses say why.
        """
        return silent(contact_channels.check_contact_channel_code(code=code))


class ContactChannels(_AnyContactChannels[Mode]):
    """The addresses of the signed-in user."""

    get = performs(mine(contact_channels.get_contact_channel))
    update = performs(mine(contact_channels.update_contact_channel))
    delete = does(mine(contact_channels.delete_contact_channel))
    send_verification_email = does(mine(contact_channels.send_contact_channel_code))

    @pages
    def list(self) -> Pages[ContactChannel]:
        """The user's addresses. GET /contact-channels."""
        return whole(contact_channels.list_contact_channels(user_id="me"))

    @call
    def create(
        self, *, value: str, used_for_auth: bool = False, is_primary: bool | Unset = UNSET
    ) -> Operation[ContactChannel]:
        """The added e-mail address; `send_verification_email` asks for proof of it. POST /contact-channels.

        Raises:
            ContactChannelAlreadyUsedForAuthBySomeoneElse: another user signs in with it.
            BadRequestError: this user has it already.
        """
        return contact_channels.create_contact_channel(
            user_id="me", value=value, used_for_auth=used_for_auth, is_primary=is_primary
        )


class ServerContactChannels(_AnyContactChannels[Mode]):
    """The addresses of any user."""

    get = performs(contact_channels.get_contact_channel)
    update = performs(contact_channels.update_contact_channel_as_server)
    delete = does(contact_channels.delete_contact_channel)
    send_verification_email = does(contact_channels.send_contact_channel_code)

    @pages
    def list(self, user_id: str | Unset = UNSET) -> Pages[ContactChannel]:
        """The addresses of a user, or of all users. GET /contact-channels."""
        return whole(contact_channels.list_contact_channels(user_id=user_id))

    @call
    def create(
        self,
        user_id: str,
        *,
        value: str,
        used_for_auth: bool = False,
        is_verified: bool | Unset = UNSET,
        is_primary: bool | Unset = UNSET,
    ) -> Operation[ContactChannel]:
        """The added e-mail address of the user; no e-mail is sent. POST /contact-channels.

        Raises:
            ContactChannelAlreadyUsedForAuthBySomeoneElse: another user signs in with it.
            BadRequestError: this user has it already.
        """
        return contact_channels.create_contact_channel_as_server(
            user_id=user_id, value=value, used_for_auth=used_for_auth, is_verified=is_verified, is_primary=is_primary
        )
