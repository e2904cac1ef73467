"""Reading a mapping file: YAML in which every scalar is text, with errors that name line, column and field."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from slaengine.errors import ImportingError
from slaengine.importing.mapping import Mapping

Steps = tuple[str | int, ...]

REPHRASED: dict[str, str] = {
    "missing": "is needed",
    "string_type": "must be text",
    "tuple_type": "must be a word or a list of words",
    "dict_type": "must be a mapping of words, `name: value`",
    "model_type": "must be a mapping of words, `name: value`",
    "model_attributes_type": "must be a mapping of words, `name: value`",
}
"""Pydantic's error types whose wording would puzzle the writer of a mapping."""


@dataclass(slots=True)
class _Document:
    """A YAML document as plain values, and where each of them stands."""

    marks: dict[Steps, yaml.Mark] = field(default_factory=dict)

    def value_of(self, node: yaml.Node, steps: Steps = ()) -> Any:
        self.marks.setdefault(steps, node.start_mark)
        if isinstance(node, yaml.MappingNode):
            return dict(self._pairs(node, steps))
        if isinstance(node, yaml.SequenceNode):
            return [self.value_of(each, (*steps, i)) for i, each in enumerate(node.value)]
        return node.value

    def _pairs(self, node: yaml.MappingNode, steps: Steps) -> Iterator[tuple[str, Any]]:
        seen: set[str] = set()
        for key, value in node.value:
            word = str(key.value)
            if word in seen:
                raise yaml.MarkedYAMLError(problem=f"'{word}' is given twice", problem_mark=key.start_mark)
            seen.add(word)
            self.marks[(*steps, word)] = key.start_mark
            yield word, self.value_of(value, (*steps, word))

    def mark_of(self, steps: Steps) -> yaml.Mark:
        """Return where `steps` stand, or the nearest thing around them that stands in the file."""
        spread = tuple(part for step in steps for part in (step.split(".", 1) if isinstance(step, str) else (step,)))
        while spread not in self.marks:
            spread = spread[:-1]
        return self.marks[spread]


def load_mapping(path: str | Path) -> Mapping:
    """Return the mapping that a file holds.

    Raises:
        ImportingError: the file cannot be read, is not YAML, or is not a mapping; the message names line, column and field.
    """
    try:
        text = Path(path).read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "is not UTF-8 text"
        raise ImportingError(f"cannot read the mapping {path}: {reason}") from error
    return parse_mapping(text, str(path))


def parse_mapping(text: str, name: str = "mapping") -> Mapping:
    """Return the mapping that `text` holds; `name` stands for it in messages. Raises as `load_mapping` does."""
    document = _Document()
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        data = document.value_of(node) if node is not None else None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        raise ImportingError(f"{_where(name, mark)}: {getattr(error, 'problem', None) or 'not YAML'}") from error
    if not isinstance(data, dict):
        raise ImportingError(f"{name} is not a mapping: it should begin with `source: NAME`")
    try:
        return Mapping.model_validate(data)
    except ValidationError as error:
        raise ImportingError(_in_words(error.errors(), document, name)) from error


def _in_words(errors: list[ErrorDetails], document: _Document, name: str) -> str:
    first = errors[0]
    context = first.get("ctx", {})
    steps: Steps = (*first["loc"], *(context[word] for word in ("within", "key") if word in context))
    problem = REPHRASED.get(first["type"], first["msg"].removeprefix("Value error, "))
    more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
    field_name = _dotted(first["loc"])
    return f"{_where(name, document.mark_of(steps))}: {field_name + ': ' if field_name else ''}{problem}{more}"


def _dotted(steps: Steps) -> str:
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in steps).removeprefix(".")


def _where(name: str, mark: yaml.Mark | None) -> str:
    return f"{name}:{mark.line + 1}:{mark.column + 1}" if mark else name
