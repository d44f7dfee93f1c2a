"""Items, products and lists of customers."""

import pytest

import hexclave
from hexclave import errors
from tests.playing import known_error, reply
from tests.surface.recording import recorded


def test_too_little_left_is_false_and_not_an_error():
    recording = recorded("server", lambda *_: known_error(400, "ITEM_QUANTITY_INSUFFICIENT_AMOUNT"))
    assert recording.app.payments.for_user("u1").try_decrease_item_quantity("i1", 1) is False
    assert len(recording.sent) == 1


def test_enough_left_is_true():
    assert recorded("server").app.payments.for_user("u1").try_decrease_item_quantity("i1", 1) is True


def test_an_unknown_item_is_not_taken_for_too_little():
    recording = recorded("server", lambda *_: known_error(404, "ITEM_NOT_FOUND"))
    with pytest.raises(errors.ItemNotFound):
        recording.app.payments.for_user("u1").try_decrease_item_quantity("i1", 1)


@pytest.mark.parametrize("member", ["increase", "decrease", "try_decrease"])
@pytest.mark.parametrize("by", [0, -1, 1.0, "1", True, None])
def test_amounts_are_whole_and_positive(member, by):
    recording = recorded("server")
    with pytest.raises(hexclave.UnsafeUseError, match="by must be a positive integer"):
        getattr(recording.app.payments.for_user("u1"), f"{member}_item_quantity")("i1", by)
    assert recording.sent == []


def test_customers_are_made_without_a_call():
    recording = recorded("server")
    assert (
        recording.app.payments.for_custom("c").customer_type,
        recording.app.payments.for_custom("c").customer_id,
    ) == ("custom", "c")
    assert recording.sent == []


def test_a_project_without_stripe_has_no_account():
    recording = recorded("admin", lambda *_: known_error(404, "STRIPE_ACCOUNT_INFO_NOT_FOUND"))
    assert recording.app.payments.find_stripe_account() is None


def test_lists_of_a_form_of_their_own_go_on_through_all_pages():
    pages = iter([("c2", 1), (None, 0)])

    def answer(*_):
        cursor, _ = next(pages)
        return reply(200, {"transactions": [], "next_cursor": cursor})

    recording = recorded("admin", answer)
    assert list(recording.app.payments.list_transactions(limit=1)) == []
    assert [url for url, _ in recording.sent] == [
        "GET /internal/payments/transactions?limit=1",
        "GET /internal/payments/transactions?cursor=c2&limit=1",
    ]
