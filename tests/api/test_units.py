"""Times, durations and amounts have types: in everything that is read, and in every argument."""

import inspect
import json
import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from importlib.resources import files
from typing import Any, get_args

import pytest

import hexclave_api
from hexclave.errors import UnsafeUseError
from hexclave.models import (
    AnalyticsQueryStats,
    CliLogin,
    ConfigAgentRun,
    DailyRevenue,
    Model,
    OAuthTokens,
    PlanUsage,
    ProductPrice,
    Session,
    TransactionEntry,
    VisitorMetrics,
)
from hexclave_api.units import amount_text, duration, read_time
from tests.api.wire_samples import MODELS
from tests.surface.recording import recorded

TYPED = (datetime, date, timedelta, Decimal)
UNIT = r"(_millis|_ms|_seconds|_cents|_text)?$"
NAMED = re.compile(
    rf"(_millis|_ms|_seconds|_cents)$|(^|_)(at|date|timestamp|expires|amount|usd|revenue|duration|lifetime){UNIT}"
)
OTHER = {
    "MetricsPoint.date": "a date, or a date and an hour",
    "Invoice.amount_total": "in the smallest unit of a currency that the reply does not name",
    "PromoCode.discount_amount": "percent or US dollars, as `discount_type` says",
    "VisitorMetrics.revenue_per_visitor": "a float as the API sends it",
    "ProductItem.expires": "a choice",
}


def views(model: type[Model]) -> dict[str, Any]:
    """The return annotations of the properties of a model, by name."""
    found = inspect.getmembers(model, lambda member: isinstance(member, property))
    return {name: inspect.signature(each.fget).return_annotation for name, each in found}


def is_typed(annotation: Any) -> bool:
    return annotation in TYPED or any(map(is_typed, get_args(annotation)))


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_what_counts_something_is_read_with_its_unit(model: type[Model]) -> None:
    typed = [name for name, annotation in views(model).items() if is_typed(annotation)]
    for field in model.layout().fields:
        if field.shape is not bool and NAMED.search(field.name) and "tuple" not in str(field.shape):
            stem = field.name.rpartition("_")[0]
            assert stem in typed or f"{model.__name__}.{field.name}" in OTHER, field


def test_the_exceptions_are_still_needed() -> None:
    fields = {f"{model.__name__}.{field.name}" for model in MODELS for field in model.layout().fields}
    assert OTHER.keys() <= fields


def test_times_that_are_sent_as_text_or_under_other_names_are_times_too() -> None:
    noon = datetime(2030, 1, 1, 12, tzinfo=UTC)
    login = CliLogin.from_dict({"expires_at": "2030-01-01T12:00:00.000Z"})
    assert (login.expires_at, login.expires_at_text) == (noon, "2030-01-01T12:00:00.000Z")
    assert login.to_dict()["expires_at"] == "2030-01-01T12:00:00.000Z"
    session = Session.from_dict({"created_at": 1_893_499_200_000, "last_used_at": None})
    assert (session.created_at, session.created_at_millis, session.last_used_at) == (noon, 1_893_499_200_000, None)
    assert ConfigAgentRun.from_dict({"started_at": 1_893_499_200}).started_at == noon
    assert PlanUsage.from_dict({"period_start_millis": 1_893_499_200_000}).period_start == noon
    assert DailyRevenue.from_dict({"date": "2030-01-02"}).date == date(2030, 1, 2)


def test_durations_are_durations_whatever_they_are_counted_in() -> None:
    assert OAuthTokens.from_dict({"expires_in": 90}).expires_in == timedelta(seconds=90)
    assert VisitorMetrics.from_dict({"avg_session_seconds": 1.5}).avg_session == timedelta(seconds=1.5)
    assert AnalyticsQueryStats.from_dict({"cpu_time": 250}).cpu_time == timedelta(milliseconds=250)
    assert duration(1e300, seconds=1) > timedelta(days=999_999_998)


def test_amounts_are_exact() -> None:
    assert DailyRevenue.from_dict({"new_cents": 1999}).new == Decimal("19.99")
    price = ProductPrice.from_dict({"USD": "9.90", "interval": [1, "month"]})
    assert (price.usd, price.usd_text, price.eur) == (Decimal("9.90"), "9.90", None)
    entry = TransactionEntry.from_dict({"charged_amount": {"USD": "0.10", "EUR": "0.20"}})
    assert entry.charged_amount == {"USD": Decimal("0.10"), "EUR": Decimal("0.20")}


def test_what_cannot_be_read_is_an_error_only_for_who_asks() -> None:
    login = CliLogin.from_dict({"expires_at": "soon"})
    assert login.expires_at_text == "soon"
    with pytest.raises(ValueError, match="soon"):
        _ = login.expires_at
    with pytest.raises(ValueError, match="much"):
        _ = ProductPrice.from_dict({"USD": "much"}).usd
    assert read_time("2030-01-01T12:00:00") == read_time("2030-01-01T13:00:00+01:00")


@pytest.mark.parametrize(("given", "sent"), [("1.50", "1.50"), (Decimal("1.50"), "1.50"), (Decimal("1E+2"), "100")])
def test_an_amount_is_sent_as_text(given: Any, sent: str) -> None:
    recording = recorded("admin")
    recording.app.payments.refund_transaction(type_="subscription", id_="t1", amount_usd=given, end_action="now")
    assert recording.sent[0][1]["amount_usd"] == sent


@pytest.mark.parametrize("given", [1, 1.5, True, "", "$1", "1,50", "NaN", Decimal("Infinity"), b"1"])
def test_an_amount_without_its_unit_is_refused_before_any_request(given: Any) -> None:
    recording = recorded("admin")
    with pytest.raises(UnsafeUseError, match=r"amount_usd must be a Decimal or its text, .*an int could be cents"):
        recording.app.payments.refund_transaction(type_="subscription", id_="t1", amount_usd=given, end_action="now")
    assert recording.sent == []
    assert amount_text(hexclave_api.UNSET, "amount_usd") is hexclave_api.UNSET


def test_no_method_takes_a_time_or_an_amount_as_a_bare_number() -> None:
    import hexclave.resources

    seen = 0
    for name in hexclave.resources.__all__:
        for method in vars(getattr(hexclave.resources, name)).values():
            for each in inspect.signature(method).parameters.values() if inspect.isfunction(method) else ():
                assert not re.search(r"(^|_)(millis|ms|cents)(_|$)", each.name), (name, each)
                if re.search(r"(_at|_since|_until|_from|_to|expires_in|timeout|_usd)$|^since$", each.name):
                    options = {each.annotation, *get_args(each.annotation)}
                    seen += bool(options & set(TYPED))
    assert seen > 15


def test_formats_of_the_description_are_known() -> None:
    text = json.dumps(json.loads(files("hexclave_api").joinpath("description.json").read_text("utf-8"))["components"])
    known = ["date", "date-time", "decimal", "milliseconds", "password", "seconds", "unix-millis", "unix-seconds"]
    assert set(re.findall(r'"format": "([^"]+)"', text)) <= set(known)
