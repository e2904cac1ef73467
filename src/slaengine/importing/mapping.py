"""The mapping: which column of a foreign table is which field of which fact, and what decides the doubtful cases."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    ValidatorFunctionWrapHandler,
    model_validator,
)
from pydantic_core import PydanticCustomError

from slaengine.domain.commands import COMMANDS, Command, Correct
from slaengine.errors import nearest
from slaengine.importing.fields import FACT_FIELDS, flat_names

Text = Annotated[str, StringConstraints(min_length=1)]


def _words(value: Any) -> Any:
    return (value,) if isinstance(value, str) else value


Words = Annotated[tuple[str, ...], BeforeValidator(_words)]
"""One word, or a list of them."""


class Part(BaseModel):
    """Base of the mapping's parts: frozen; a word that is not known is an error that names the nearest one."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    @model_validator(mode="wrap")
    @classmethod
    def _only_known_words(cls, data: Any, build: ValidatorFunctionWrapHandler) -> Self:
        if isinstance(data, dict):
            known = [field.alias or name for name, field in cls.model_fields.items()]
            for word in data:
                if word not in known:
                    raise unknown_word(str(word), known)
        return build(data)  # type: ignore[no-any-return]


def unknown_word(word: str, known: list[str]) -> PydanticCustomError:
    """Return the error for a key that the mapping language does not have; `key` tells the loader where it stands."""
    return PydanticCustomError(
        "unknown_word",
        "'{key}' is not a word here{hint}",
        {"key": word, "hint": nearest(word, known) or f"; known: {', '.join(known)}"},
    )


class ValueFrom(Part):
    """Where a value comes from, and what is done to it on the way. A bare word means `{column: word}`.

    Exactly one of `column`, `previous` (the same order's row before; `rows: updates` only), `value` (always the same)
    and `template` (`"{ward}-{precinct}"`, missing when one of its columns is). Then, in this order: `remove` takes
    characters out, `translate` changes whole words, `split` makes a list. A word that `translate` does not have is
    decided by `others`; `default` stands in for what is missing.
    """

    column: Text | None = None
    previous: Text | None = None
    value: Text | None = None
    template: Text | None = None
    remove: Text | None = None
    translate: dict[str, str] = {}
    others: Literal["reject", "keep", "missing", "default"] = "reject"
    default: Text | None = None
    split: Text | None = None

    @model_validator(mode="before")
    @classmethod
    def _bare_word(cls, data: Any) -> Any:
        return {"column": data} if isinstance(data, str) else data

    @model_validator(mode="after")
    def _one_origin(self) -> Self:
        given = [word for word in ("column", "previous", "value", "template") if getattr(self, word) is not None]
        if len(given) != 1:
            raise ValueError(f"give exactly one of column, previous, value and template, not {' and '.join(given) or 'none'}")
        if self.others == "default" and self.default is None:
            raise ValueError("`others: default` needs a `default`")
        return self

    @property
    def is_plain(self) -> bool:
        """Whether it is a column's text as it stands."""
        return self.column is not None and not (self.remove or self.translate or self.default or self.split)

    @property
    def is_constant(self) -> bool:
        """Whether it is always the same text."""
        return self.value is not None and not (self.remove or self.translate or self.split)


class Conditions(Part):
    """What must hold of a row, all of it. Words are compared after the missing markers were taken out.

    `is`, `present` and `missing` look at the row alone. The others compare it with the same order's row before it and
    make sense with `rows: updates` only; before the first row nothing is any word: an order's first row *enters* what
    it is in, and *was* nothing.
    """

    is_: Annotated[dict[str, Words], Field(alias="is")] = {}
    present: Words = ()
    missing: Words = ()
    first: bool | None = None
    last: bool | None = None
    changed: Words = ()
    was: dict[str, Words] = {}
    enters: dict[str, Words] = {}
    leaves: dict[str, Words] = {}

    @property
    def looks_around(self) -> bool:
        """Whether rows before or after this one matter."""
        return self.first is not None or self.last is not None or bool(self.changed or self.was or self.enters or self.leaves)


SNAPSHOT = "snapshot"
"""Stands in `at` for the instant at which the table was taken from its system."""


class FactRule(Part):
    """One fact that a row may tell of: `fact`, the time it happened, when it did, and its fields.

    `at` names columns; the first that is not missing is the time. Without `when` and `unless`, a row whose `at` is
    missing does not tell of this fact; with one of them the row says it happened, and is rejected for the missing time.
    """

    fact: Text
    at: Words = ()
    when: Conditions | None = None
    unless: Conditions | None = None
    set: dict[str, ValueFrom] = {}

    COMMAND_OF: ClassVar[dict[str, type[Command]]] = {c.FACT.NAME: c for c in COMMANDS if c is not Correct}

    @model_validator(mode="before")
    @classmethod
    def _names_are_known(cls, data: Any) -> Any:
        if not isinstance(data, dict) or not isinstance(data.get("fact"), str):
            return data
        name = data["fact"]
        if name not in cls.COMMAND_OF:
            facts = ", ".join(cls.COMMAND_OF)
            raise PydanticCustomError(
                "unknown_word",
                "'{key}' is not a fact{hint}",
                {"key": name, "within": "fact", "hint": nearest(name, cls.COMMAND_OF) or f"; facts: {facts}"},
            )
        if isinstance(data.get("set"), dict):
            return {**data, "set": flat_names(name, data["set"])}
        return data

    @model_validator(mode="after")
    def _has_what_the_fact_needs(self) -> Self:
        given = {name.split(".")[0] for name in self.set}
        lacking = [name for name in FACT_FIELDS[self.fact].required if name not in given]
        if lacking:
            raise ValueError(f"{self.fact} needs {' and '.join(lacking)} in `set`")
        return self

    @property
    def command(self) -> type[Command]:
        """The command that asks for this fact."""
        return self.COMMAND_OF[self.fact]


class Rules(Part):
    """What is done with doubtful times; each has a default that changes nothing it need not. See docs/reference/mapping.md."""

    placeholders: Words = ()
    repeated_hour: Literal["first", "second", "reject"] = "first"
    skipped_hour: Literal["forward", "reject"] = "forward"
    before_received: Literal["keep", "clamp", "reject"] = "keep"
    before_received_at_most: Text | None = None
    due_before_received: Literal["keep", "missing", "reject"] = "keep"
    future: Literal["reject", "missing"] = "reject"
    backwards: Literal["clamp", "keep", "reject"] = "clamp"


class Csv(Part):
    """How a CSV file is written. `delimiter` None: found from the header line, one of `, ; |` and tab."""

    encoding: Text = "utf-8-sig"
    delimiter: Annotated[str, StringConstraints(min_length=1, max_length=1)] | None = None
    quote: Annotated[str, StringConstraints(min_length=1, max_length=1)] = '"'


class Mapping(Part):
    """A whole mapping file."""

    source: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,79}$")]
    rows: Literal["orders", "updates"]
    key: ValueFrom
    time_zone: Text
    time_formats: Words = ("iso",)
    missing: Words = ()
    snapshot_from: Words = ()
    time: Text | None = None
    sequence: Text | None = None
    derive: dict[str, ValueFrom] = {}
    carry: Words = ()
    final: Words = ()
    csv: Csv = Csv()
    sheet: Text | None = None
    rules: Rules = Rules()
    facts: tuple[FactRule, ...]

    @model_validator(mode="after")
    def _holds_together(self) -> Self:
        for problem in self._problems():
            raise ValueError(problem)
        return self

    def _problems(self) -> Iterator[str]:
        received = [rule for rule in self.facts if rule.fact == "received"]
        if len(received) != 1 or self.facts[0].fact != "received":
            yield "the first fact must be `received`, and there must be exactly one: every order begins with it"
        if self.rows == "updates":
            if self.time is None:
                yield "`rows: updates` needs `time`: the column that says when each update happened"
        else:
            yield from self._words_of_updates()
            yield from (f"{rule.fact} needs `at`: the column with the time it happened" for rule in self.facts if not rule.at)

    def _words_of_updates(self) -> Iterator[str]:
        for word in ("time", "sequence", "carry", "final"):
            if getattr(self, word):
                yield f"`{word}` makes sense with `rows: updates` only"
        for rule in self.facts:
            if any(conditions is not None and conditions.looks_around for conditions in (rule.when, rule.unless)):
                yield f"the conditions of {rule.fact} compare rows of one order; that makes sense with `rows: updates` only"
            if any(value.previous for value in rule.set.values()):
                yield f"`previous` in {rule.fact} makes sense with `rows: updates` only"
