from datetime import UTC, datetime

import pytest
from pydantic import ValidationError

from slaengine.domain import commands as c
from slaengine.domain import events as e
from slaengine.domain.values import Place
from slaengine.testing.examples import RECEIVED_AT


def test_an_instant_is_kept_in_utc_whatever_its_offset():
    paused = e.Paused(occurred_at=datetime.fromisoformat("2026-01-05T09:00:00.000001+08:00"), reason="parts")
    assert paused.occurred_at == datetime(2026, 1, 5, 1, 0, 0, 1, tzinfo=UTC)
    assert paused.occurred_at.tzinfo is UTC


@pytest.mark.parametrize("instant", ["2026-01-05T09:00:00", "0001-01-01T00:00:00+08:00", "9999-12-31T23:00:00-08:00"])
def test_an_instant_without_offset_or_beyond_the_calendar_is_refused(instant):
    with pytest.raises(ValidationError, match="occurred_at"):
        e.Paused(occurred_at=instant, reason="parts")


@pytest.mark.parametrize("reason", ["", "   ", "a\x00b", "a\nb", "x" * 201])
def test_a_label_is_short_and_printable(reason):
    with pytest.raises(ValidationError, match="reason"):
        e.Paused(occurred_at=RECEIVED_AT, reason=reason)


def test_a_label_loses_the_blanks_around_it():
    assert e.Paused(occurred_at=RECEIVED_AT, reason=" parts ").reason == "parts"


@pytest.mark.parametrize("name", ["a..b", ".a", "a\tb", ""])
def test_a_type_is_dotted_from_general_to_particular(name):
    with pytest.raises(ValidationError, match="type"):
        e.Classified(occurred_at=RECEIVED_AT, type=name)


def test_an_unknown_field_is_refused():
    with pytest.raises(ValidationError, match="colour"):
        c.Pause(occurred_at=RECEIVED_AT, reason="parts", colour="red")
    with pytest.raises(ValidationError, match="street"):
        Place(street="High Street")


def test_a_fact_cannot_be_changed():
    paused = e.Paused(occurred_at=RECEIVED_AT, reason="parts")
    with pytest.raises(ValidationError, match="frozen"):
        paused.reason = "weather"


def test_a_refused_field_does_not_repeat_what_was_given():
    with pytest.raises(ValidationError) as caught:
        c.Respond(occurred_at=RECEIVED_AT, note=["Wang Min, 3-2-201"])
    assert "Wang" not in str(caught.value)
