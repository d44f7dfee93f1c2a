"""What customers pay for, have and owe."""

from hexclave._call import Mode, Resource
from hexclave._lift import does, finds, gives, lists, performs
from hexclave.errors import StripeAccountInfoNotFound
from hexclave.resources.customers import CustomCustomer, Customer, ServerCustomer
from hexclave_api.operations import payments


class Payments(Resource[Mode]):
    """What the signed-in user and their teams have bought."""

    def for_user(self, user_id: str) -> Customer[Mode]:
        """The signed-in user as a customer; no call is made."""
        return Customer(self._app, "user", user_id)

    def for_team(self, team_id: str) -> Customer[Mode]:
        """A team of the signed-in user as a customer; no call is made."""
        return Customer(self._app, "team", team_id)


class ServerPayments(Resource[Mode]):
    """What anybody has bought."""

    validate_promo_codes = performs(payments.validate_promo_codes)

    def for_user(self, user_id: str) -> ServerCustomer[Mode]:
        """A user as a customer; no call is made."""
        return ServerCustomer(self._app, "user", user_id)

    def for_team(self, team_id: str) -> ServerCustomer[Mode]:
        """A team as a customer; no call is made."""
        return ServerCustomer(self._app, "team", team_id)

    def for_custom(self, customer_id: str) -> CustomCustomer[Mode]:
        """A customer under an id of your own; no call is made."""
        return CustomCustomer(self._app, "custom", customer_id)


class AdminPayments(ServerPayments[Mode]):
    """What anybody has bought, and how the project takes money."""

    list_transactions = lists(payments.list_transactions, lambda page: page.transactions, lambda page: page.next_cursor)
    refund_transaction = performs(payments.refund_transaction)
    set_up = gives(payments.setup_payments, lambda link: link.url)
    find_stripe_account = finds(payments.get_stripe_account, StripeAccountInfoNotFound)
    create_stripe_account_session = performs(payments.create_stripe_account_session)
    get_method_configs = performs(payments.get_payment_method_configs)
    update_method_configs = does(payments.update_payment_method_configs)
    complete_test_mode_purchase = does(payments.complete_test_mode_purchase)
