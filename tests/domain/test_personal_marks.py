from collections.abc import Iterator
from typing import Any, get_args

import pytest
from annotated_types import MaxLen
from pydantic import BaseModel, StringConstraints

from slaengine.domain import events as e
from slaengine.domain.commands import COMMANDS
from slaengine.domain.details import CorrectedDetails
from slaengine.domain.personal import personal_paths
from slaengine.domain.values import PersonalData

LABEL_LENGTH = 200


def strings(annotation: Any, marks: tuple[Any, ...]) -> Iterator[tuple[Any, ...]]:
    """Yield the marks of every `str` inside an annotation."""
    if annotation is str:
        yield marks
    elif isinstance(annotation, type) and issubclass(annotation, BaseModel):
        for field in annotation.model_fields.values():
            yield from strings(field.annotation, tuple(field.metadata))
    else:
        own = getattr(annotation, "__metadata__", ())
        for part in get_args(annotation):
            if not isinstance(part, str):
                yield from strings(part, own or marks)


def is_a_label(marks: tuple[Any, ...]) -> bool:
    lengths = [mark.max_length for mark in marks if isinstance(mark, StringConstraints | MaxLen)]
    patterns = [mark for mark in marks if getattr(mark, "pattern", None)]
    return bool(patterns) or any(length is not None and length <= LABEL_LENGTH for length in lengths)


@pytest.mark.parametrize("model", [*e.FACTS, *COMMANDS], ids=lambda model: model.__name__)
def test_every_text_is_a_label_with_a_stated_form_or_marked_personal(model):
    for name, field in model.model_fields.items():
        if (model, name) in {(kind, "value") for kind in (*e.FACTS, *COMMANDS) if issubclass(kind, CorrectedDetails)}:
            continue  # any JSON; a correction of a personal field is refused there and stands in `text`
        for marks in strings(field.annotation, tuple(field.metadata)):
            personal = any(isinstance(mark, PersonalData) for mark in marks)
            assert personal or is_a_label(marks), f"{model.__name__}.{name} is free text and not marked PersonalData()"


def test_the_walk_finds_an_unmarked_free_text():
    class Note(BaseModel):
        text: str | None = None

    (marks,) = strings(Note.model_fields["text"].annotation, ())
    assert not is_a_label(marks)


def test_the_personal_fields_of_a_receipt_are_these():
    assert set(personal_paths(e.Received)) == {
        ("place", "room"),
        ("reporter", "name"),
        ("reporter", "telephone"),
        ("description",),
        ("restated",),
    }


def test_only_facts_in_which_a_person_speaks_or_is_named_hold_personal_fields():
    assert {fact.NAME for fact in e.FACTS if personal_paths(fact)} == {
        "received",
        "responded",
        "plan_proposed",
        "progress_reported",
        "resolved",
        "revisited",
        "corrected",
    }
