from __future__ import annotations

import pytest
from tests.importing.given import ORDERS, example

from slaengine.errors import ImportingError
from slaengine.importing import load_mapping, parse_mapping

UPDATES = """
source: log
rows: updates
key: id
time: at
time_zone: UTC
facts:
  - fact: received
    set: {kind: {value: repair}, number: id}
"""


def refusal(text: str) -> str:
    with pytest.raises(ImportingError) as refused:
        parse_mapping(text, "m.yaml")
    return str(refused.value)


@pytest.mark.parametrize("name", ["boston311", "uci-incidents", "helpdesk"])
def test_the_mappings_that_ship_are_sound(name):
    assert example(name).source == name


def test_a_misspelt_word_is_named_with_its_place_and_the_nearest_word():
    text = UPDATES.replace("time_zone:", "time_zon:")
    assert refusal(text) == "m.yaml:6:1: 'time_zon' is not a word here; did you mean 'time_zone'?"


def test_a_misspelt_field_is_named_with_its_place_and_the_nearest_field():
    text = UPDATES.replace("number: id", "number: id, descripton: x")
    assert refusal(text) == "m.yaml:9:46: facts[0]: 'descripton' is not a field of received; did you mean 'description'?"


def test_a_field_within_a_group_is_checked_too():
    text = UPDATES.replace("number: id", "number: id, place: {comunity: x}")
    assert "'place.comunity' is not a field of received; did you mean 'place.community'?" in refusal(text)


def test_a_misspelt_fact_is_named():
    assert "m.yaml:8:5: facts[0]: 'receivd' is not a fact; did you mean 'received'?" in refusal(
        UPDATES.replace("received", "receivd")
    )


def test_a_misspelt_condition_is_named():
    text = UPDATES + "  - fact: closed\n    when: {enter: {state: Closed}}\n"
    assert refusal(text) == "m.yaml:11:12: facts[1].when: 'enter' is not a word here; did you mean 'enters'?"


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (("number: id", "description: id"), "received needs number in `set`"),
        (("{value: repair}", "{value: repair, column: x}"), "give exactly one of column, previous, value and template"),
        (("{value: repair}", "{column: x, others: default}"), "`others: default` needs a `default`"),
        (("fact: received", "fact: closed"), "closed has"),
        (("time: at\n", ""), "`rows: updates` needs `time`"),
        (("rows: updates", "rows: order"), "Input should be 'orders' or 'updates'"),
        (("source: log", "source: a b"), "source"),
        (("key: id\n", ""), "key: is needed"),
    ],
)
def test_what_is_missing_or_contradictory_is_said(change, says):
    text = UPDATES.replace(*change)
    if says == "closed has":
        text, says = text.replace("set: {kind: {value: repair}, number: id}", "at: at"), "the first fact must be `received`"
    assert says in refusal(text)


@pytest.mark.parametrize(
    ("addition", "says"),
    [
        ("  - fact: closed\n    at: closed\n    when: {first: true}\n", "compare rows of one order"),
        ("  - fact: closed\n", "closed needs `at`"),
        ("final: [code]\n", "`final` makes sense with `rows: updates` only"),
    ],
)
def test_words_for_updates_are_refused_where_rows_are_orders(addition, says):
    text = ORDERS % ""
    text = addition + text if addition.startswith("final") else text + addition
    assert says in refusal(text)


def test_a_word_given_twice_is_refused():
    assert refusal(UPDATES + "source: other\n") == "m.yaml:10:1: 'source' is given twice"


def test_what_is_not_yaml_is_refused_with_its_place():
    assert refusal("source: [a").startswith("m.yaml:1:")


@pytest.mark.parametrize("text", ["", "just words", "- a list"])
def test_what_is_not_a_mapping_is_refused(text):
    assert refusal(text) == "m.yaml is not a mapping: it should begin with `source: NAME`"


def test_scalars_are_text_whatever_they_look_like():
    mapping = parse_mapping(UPDATES + "missing: [no, 0, ~]\n")
    assert mapping.missing == ("no", "0", "~")


def test_a_mapping_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(ImportingError, match=r"cannot read the mapping .*none\.yaml: No such file or directory"):
        load_mapping(tmp_path / "none.yaml")
