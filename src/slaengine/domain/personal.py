"""Where the personal fields of a model stand: those marked `PersonalData()`, in it and in the values inside it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any, get_args

from pydantic import BaseModel

from slaengine.domain.values import PersonalData

Path = tuple[str, ...]


@cache
def personal_paths(model: type[BaseModel]) -> tuple[Path, ...]:
    """Return the places of the personal fields of `model`, as tuples of names: `('place', 'room')`."""
    return tuple(sorted(_paths(model)))


def _paths(model: type[BaseModel]) -> Iterator[Path]:
    for name, field in model.model_fields.items():
        if _is_marked(field.metadata) or _is_marked(get_args(field.annotation)):
            yield (name,)
            continue
        for inner in _models_in(field.annotation):
            yield from ((name, *path) for path in _paths(inner))


def _is_marked(parts: Iterable[Any]) -> bool:
    """Whether a mark stands among the parts of an annotation or within them: `PersonalText | None` holds it one level down."""
    return any(isinstance(part, PersonalData) or _is_marked(get_args(part)) for part in parts)


def _models_in(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for part in get_args(annotation) for model in _models_in(part)]
