"""`slaengine explain` and `engine.explain` tell one clock, or all of an order."""

import pytest

from slaengine.engine import SlaEngine
from slaengine.errors import UnknownWorkOrder, UsageError
from slaengine.policies.explain_model import Explanation

AT = ("--as-of", "2026-01-20T00:00:00Z")


def test_a_breach_is_explained_to_the_second(slaengine):
    told = slaengine("explain", "B-1", "--target", "fix", *AT, "--json").json
    assert (told["verdict"], told["elapsed_s"], told["over_s"]) == ("missed", 48 * 3600.0, 24 * 3600.0)
    assert (told["ran_out_at"], told["stopped_at"]) == ("2026-01-08T00:00:00Z", "2026-01-09T00:00:00Z")
    assert sum(segment["counted_s"] for segment in told["segments"]) == told["elapsed_s"]
    text = slaengine("explain", "B-1", "--target", "fix", *AT).out
    assert "Missed by 24 h." in text
    assert "Thu 2026-01-08 08:00" in text
    assert "the limit ran out" in text


def test_without_a_target_every_clock_is_explained(slaengine):
    assert [one["target"] for one in slaengine("explain", "A-1", *AT, "--json").json] == ["fix", "revisit"]
    text = slaengine("explain", "A-1", *AT).out
    assert "fix on order A-1" in text
    assert "revisit on order A-1" in text


def test_it_speaks_chinese(slaengine):
    assert "免责。未计免责时：超时 48 小时。" in slaengine("explain", "B-2", *AT, "--lang", "zh").out


def test_what_was_so_then_is_explained_by_what_was_so_then(slaengine):
    told = slaengine("explain", "B-1", "--target", "fix", "--as-of", "2026-01-07T06:00:00Z", "--json").json
    assert (told["verdict"], told["judged_at"], told["stopped_at"]) == ("running", "2026-01-07T06:00:00Z", None)
    assert "Running, 18 h left." in slaengine("explain", "B-1", "--as-of", "2026-01-07T06:00:00Z").out


def test_an_order_without_clocks_says_so(slaengine):
    ran = slaengine("explain", "D-1", *AT)
    assert (ran.code, "no target of the policy covers it" in ran.out) == (0, True)


@pytest.mark.parametrize(
    ("argv", "code", "words"),
    [
        (("Z-9",), 1, "no work order 'Z-9'"),
        (("A-1", "--target", "fixed"), 2, "did you mean 'fix'?; it has clocks of fix, revisit"),
        (("A-1", "--target", "fix", "--cycle", "2"), 2, "has no clock 2; it has 1 to 1"),
        (("A-1", "--cycle", "1"), 2, "clock 1 of which target? name the target too"),
        (("A-1", "--lang", "fr"), 2, "'fr'"),
        (("A-1", "--as-of", "then"), 2, "--as-of 'then'"),
    ],
)
def test_what_cannot_be_explained_is_refused_in_a_sentence(slaengine, argv, code, words):
    ran = slaengine("explain", *argv)
    assert (ran.code, ran.out) == (code, "")
    assert words in ran.err


def test_the_engine_tells_one_clock_or_all(works):
    with SlaEngine.open(f"sqlite:///{works / 'works.db'}", policy=works / "works.yaml") as engine:
        every = engine.explain("A-1")
        one = engine.explain("A-1", "revisit")
        assert [told.target for told in every] == ["fix", "revisit"]
        assert isinstance(one, Explanation)
        assert one.model_copy(update={"as_of": every[1].as_of}) == every[1]
        with pytest.raises(UsageError, match="it has clocks of fix, revisit"):
            engine.explain("A-1", "repair")
        with pytest.raises(UnknownWorkOrder):
            engine.explain("nothing")
