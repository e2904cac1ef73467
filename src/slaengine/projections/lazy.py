"""Rows of a report by the ten thousand: kept as columns, and made when they are looked at."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar, get_args, overload

from numpy.typing import NDArray
from pydantic import GetCoreSchemaHandler
from pydantic_core import CoreSchema, core_schema

M = TypeVar("M")
AT_ONCE = 1_024
"""Rows whose values are taken out of their columns at a time."""


class Rows(Sequence[M]):
    """A sequence of rows that equals the list of them. A row is made each time that it is looked at; two of one place are equal.

    As a field of a model it holds any rows: those made from columns, or a list that was read.
    """

    __slots__ = ("_columns", "_make")

    def __init__(self, make: Callable[..., M], *columns: NDArray[Any]) -> None:
        """Hold as many rows as the columns have entries: `make` is called with what the columns have there, in plain values."""
        self._make, self._columns = make, columns

    def __len__(self) -> int:
        return len(self._columns[0])

    @overload
    def __getitem__(self, place: int) -> M: ...
    @overload
    def __getitem__(self, place: slice) -> list[M]: ...
    def __getitem__(self, place: int | slice) -> M | list[M]:
        if isinstance(place, slice):
            return list(Rows(self._make, *(column[place] for column in self._columns)))
        return self._make(*(column[place].tolist() for column in self._columns))

    def __iter__(self) -> Iterator[M]:
        for first in range(0, len(self), AT_ONCE):
            some = (column[first : first + AT_ONCE].tolist() for column in self._columns)
            yield from (self._make(*values) for values in zip(*some, strict=True))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Rows | list):
            return NotImplemented
        return len(self) == len(other) and all(one == two for one, two in zip(self, other, strict=True))

    __hash__ = None  # type: ignore[assignment] # as of a list

    def __repr__(self) -> str:
        return repr(list(self))

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Return how a model holds rows: as they are if made from columns, else as a checked list; in JSON as a list."""
        plain = handler.generate_schema(list[get_args(source)[0]])  # type: ignore[misc] # known when it runs only
        return core_schema.no_info_wrap_validator_function(
            lambda rows, check: rows if isinstance(rows, Rows) else check(rows),
            plain,
            serialization=core_schema.wrap_serializer_function_ser_schema(lambda rows, write: write(list(rows)), schema=plain),
        )
