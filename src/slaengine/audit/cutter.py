"""Packed facts as rows of numbers: each fact's order, version, shape and instants. What `cutting` loops over is held here."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydantic_core import from_json, to_json

from slaengine.audit import cutting as c
from slaengine.audit import scanning as scan
from slaengine.audit.layout import Ints
from slaengine.audit.packed import Packed
from slaengine.domain.codec import BY_TOPIC
from slaengine.errors import CorruptFact
from slaengine.policies.moment import Moment
from slaengine.projections.case_file import micros, moment_of

Bytes = NDArray[np.uint8]
Words = NDArray[np.uint64]
OF_PLACE = ("community", "building")
"""Of a place, what judging may look at."""
ROOM = 1 << 10
TEXTS_MAX = 1 << 18
"""Different facts remembered, some hundred bytes each; then it begins anew."""


class Names(NamedTuple):
    """Names of fields, joined up: name n has the letters `[begins[n], begins[n + 1])`, and that part."""

    letters: Bytes
    begins: Ints
    parts: Ints


class Fields(NamedTuple):
    """What becomes of fields by name, and of those of a place."""

    names: Names
    of_place: Names


class Chunk(NamedTuple):
    """A packed stretch as arrays; orders that begin behind position `until` are passed over.

    `readable` says whether all states are UTF-8.
    """

    position: Ints
    version: Ints
    length: Ints
    recorded: Ints
    ids: Words
    topics: Bytes
    states: Bytes
    until: int
    readable: bool


class Known(NamedTuple):
    """The texts of facts met, each padded to whole words, with the number of the shape; `slots` has by hash where they are."""

    texts: Words
    begins: Ints
    lengths: Ints
    shapes: Ints
    slots: Ints


class Orders(NamedTuple):
    """The orders met: ids of two words, where each began; `slots` has by hash which they are."""

    ids: Words
    begun: Ints
    slots: Ints


class Found(NamedTuple):
    """What the loop writes of each fact; `given` bounds what it says of given due times, and is empty where nobody asks."""

    order: NDArray[np.int32]
    version: NDArray[np.int32]
    shape: NDArray[np.int32]
    occurred: Ints
    recorded: Ints
    given: NDArray[np.int32]


class Rows(NamedTuple):
    """Facts as numbers; instants in µs. `due` and `own` are empty where nobody asks.

    `order` numbers the orders as they began, `shape` the shapes. `due` is the given due time, `NEVER` for none, and `own` the
    given due times as JSON under their field's name, or None.
    """

    order: NDArray[np.int32]
    version: NDArray[np.int32]
    shape: NDArray[np.int32]
    occurred: Ints
    recorded: Ints
    due: Ints
    own: NDArray[np.object_]

    @classmethod
    def none(cls) -> Rows:
        """Return no rows."""
        kinds = (np.int32, np.int32, np.int32, np.int64, np.int64, np.int64, np.object_)
        columns: list[Any] = [np.empty(0, kind) for kind in kinds]
        return cls._make(columns)

    def only(self, wanted: NDArray[np.bool_]) -> Rows:
        """Return the rows that are wanted."""
        columns: list[Any] = [column[wanted] if len(column) else column for column in self]
        return self if wanted.all() else Rows._make(columns)


class Shape(NamedTuple):
    """What facts have in common, as far as judging looks at it: the fact's name, and its fields as JSON."""

    name: str
    fields: str


class Cutter:
    """Reads packed facts. Keeps the shapes and orders met, so use one for many; not for several threads.

    Args:
        asked: the names of the fields that judging looks at.
        given: the names of the given due times that it looks at.
    """

    def __init__(self, asked: Collection[str], given: Collection[str] = ()) -> None:
        self._asked = frozenset(asked)
        self._given, self._due, self._own = bool(given), "due" in given, bool(set(given) - {"due"})
        parts = {"occurred_at": scan.OCCURRED, **dict.fromkeys(sorted(self._asked), scan.KEPT)}
        parts |= ({"given_due": scan.GIVEN} if given else {}) | ({"place": scan.PLACE} if "place" in asked else {})
        self._fields = Fields(field_names(parts), field_names(dict.fromkeys(OF_PLACE, scan.KEPT)))
        self.shapes: list[Shape] = []
        self._numbers: dict[Shape, int] = {}
        self._state = np.zeros(c.STATE_WIDTH, np.int64)
        columns = [np.zeros(ROOM, np.int64) for _ in range(3)]
        self._known = Known(np.zeros(ROOM, np.uint64), columns[0], columns[1], columns[2], _free(4 * ROOM))
        self._texts = 0
        self._orders = Orders(np.zeros(2 * ROOM, np.uint64), np.zeros(ROOM, np.int64), _free(4 * ROOM))
        self._scratch = np.zeros(ROOM, np.uint64)

    @property
    def begun(self) -> Ints:
        """The positions at which the orders met began, by their numbers."""
        return self._orders.begun[: self._state[c.ORDERS]]

    def read(self, packed: Packed, until: int) -> Rows:
        """Return the facts of those orders that began in what was read so far.

        Args:
            packed: the facts behind those that were read before.
            until: orders that begin behind this position are passed over.

        Raises:
            CorruptFact: a fact cannot be read, or the log's columns do not fit together.
        """
        chunk, state = _chunk(packed, until), self._state
        kinds = (np.int32, np.int32, np.int32, np.int64, np.int64)
        columns: list[Any] = [np.empty(packed.facts, kind) for kind in kinds]
        found = Found._make([*columns, np.zeros((packed.facts if self._given else 0, 2), np.int32)])
        given: dict[int, bytes] = {}
        state[[c.FACT, c.STATE, c.TOPIC, c.ROW]] = 0
        self._make_room(chunk)
        scratch = self._scratch.view(np.uint8)
        while c.read(chunk, self._fields, self._known, self._orders, found, scratch, self._scratch, state) != c.DONE:
            self._meet(packed, chunk, found, given)
        for row in np.flatnonzero(found.given[:, 1] - found.given[:, 0] > len("{}")).tolist():
            given[row] = packed.states[found.given[row, 0] : found.given[row, 1]]
        rows = int(state[c.ROW])
        columns = [column[:rows] for column in found[:-1]]
        return Rows._make([*columns, *self._given_columns(rows, given)])

    def _meet(self, packed: Packed, chunk: Chunk, found: Found, given: dict[int, bytes]) -> None:
        """Read the fact at which the loop stopped; remember it, or write its row here."""
        state, fact = self._state, int(self._state[c.FACT])
        begin, topic_at = int(state[c.STATE]), int(state[c.TOPIC])
        end, topic_end = begin + int(chunk.length[fact]), packed.topics.find(b"\n", topic_at)
        topic_end = len(packed.topics) if topic_end < 0 else topic_end
        topic = packed.topics[topic_at:topic_end].decode()
        moment = moment_of(topic, packed.states[begin:end], int(chunk.version[fact]), 0)
        shape = self._shape(moment)
        if state[c.LENGTH] != scan.NOWHERE and topic in BY_TOPIC:
            self._remember(shape)
            return
        row = int(state[c.ROW])
        found.order[row], found.version[row], found.shape[row] = state[c.ORDER], chunk.version[fact], shape
        found.occurred[row], found.recorded[row] = moment.occurred_at, chunk.recorded[fact]
        if self._given and moment.fields.get("given_due"):
            given[row] = to_json(moment.fields["given_due"])
        state[[c.FACT, c.STATE, c.TOPIC, c.ROW]] = fact + 1, end, topic_end + 1, row + 1

    def _shape(self, moment: Moment) -> int:
        """Return the number of a moment's shape, a new one where there is none."""
        said = {name: value for name, value in moment.fields.items() if name in self._asked}
        if isinstance(place := said.get("place"), dict):
            said["place"] = {name: value for name, value in place.items() if name in OF_PLACE}
        shape = Shape(moment.name, to_json(said).decode())
        number = self._numbers.setdefault(shape, len(self.shapes))
        if number == len(self.shapes):
            self.shapes.append(shape)
        return number

    def _given_columns(self, rows: int, given: Mapping[int, bytes]) -> tuple[Ints, NDArray[np.object_]]:
        due = np.full(rows if self._due else 0, scan.NEVER, np.int64)
        own = np.full(rows if self._own else 0, None, np.object_)
        for row, text in given.items():
            if self._due:
                due[row] = _due_in(text)
            if self._own:
                own[row] = b'{"given_due":%b}' % text
        return due, own

    # ---- room

    def _remember(self, shape: int) -> None:
        """Remember the text in the scratch as one of facts of this shape."""
        known, texts = self._known, self._texts
        if texts == TEXTS_MAX:
            known.slots[:], texts = scan.NOWHERE, 0
        length = int(self._state[c.LENGTH])
        begin = int(known.begins[texts - 1]) + _words(int(known.lengths[texts - 1])) if texts else 0
        begins, lengths, shapes = (_grown(column, texts + 1) for column in (known.begins, known.lengths, known.shapes))
        slots = known.slots if 2 * texts < len(known.slots) else _free(2 * len(known.slots))
        self._known = Known(_grown(known.texts, begin + _words(length)), begins, lengths, shapes, slots)
        self._known.texts[begin : begin + _words(length)] = self._scratch[: _words(length)]
        self._known.begins[texts], self._known.lengths[texts], self._known.shapes[texts] = begin, length, shape
        self._texts = texts + 1
        c.place_texts(self._known, texts if slots is known.slots else 0, self._texts)

    def _make_room(self, chunk: Chunk) -> None:
        """Make the scratch long enough for any of these facts, and room for as many orders."""
        topics = np.diff(np.flatnonzero(chunk.topics == c.NEWLINE), prepend=0, append=len(chunk.topics))
        self._scratch = _grown(self._scratch, _words(int(chunk.length.max(initial=0) + topics.max())) + 1)
        orders, met = self._orders, int(self._state[c.ORDERS])
        most = met + len(chunk.position)
        slots = orders.slots if 2 * most < len(orders.slots) else _free(4 * most)
        self._orders = Orders(_grown(orders.ids, 2 * most), _grown(orders.begun, most), slots)
        if slots is not orders.slots:
            c.place_orders(self._orders, met)


def _chunk(packed: Packed, until: int) -> Chunk:
    """Return packed facts as arrays.

    Raises:
        CorruptFact: the columns do not fit together.
    """
    position, version, length, recorded = (
        _decimals(text, packed.facts) for text in (packed.positions, packed.versions, packed.lengths, packed.recorded_at)
    )
    topics, states = (np.frombuffer(text, np.uint8) for text in (packed.topics, packed.states))
    fit = len(packed.order_ids) == 16 * packed.facts and int(length.sum()) == len(states) and length.min(initial=0) >= 0
    if not fit or np.count_nonzero(topics == c.NEWLINE) != max(packed.facts - 1, 0):
        raise CorruptFact(f"the facts behind position {position[:1].sum() - 1} cannot be read: their columns do not fit together")
    ids = np.frombuffer(packed.order_ids, np.uint64)
    return Chunk(position, version, length, recorded, ids, topics, states, until, _is_text(packed.states))


def _due_in(text: bytes) -> int:
    said = from_json(text)
    if not isinstance(said, dict) or said.get("due") is None:
        return scan.NEVER
    try:
        return micros(datetime.fromisoformat(said["due"]))
    except (ValueError, TypeError):
        raise CorruptFact("a stored fact cannot be read: the due time that it was given is no instant") from None


def _decimals(text: bytes, count: int) -> Ints:
    found = np.empty(count, np.int64)
    if scan.numbers(np.frombuffer(text, np.uint8), found) != count:
        raise CorruptFact("some facts of the log cannot be read: a version, position or time is not a number")
    return found


def _is_text(content: bytes) -> bool:
    try:
        content.decode()
    except UnicodeDecodeError:
        return False
    return True


def field_names(parts: Mapping[str, int]) -> Names:
    """Return the names of fields, as JSON writes them between its quotes, with what becomes of each."""
    letters = [to_json(name)[1:-1] for name in parts]
    begins = np.cumsum([0, *map(len, letters)], dtype=np.int64)
    return Names(np.frombuffer(b"".join(letters), np.uint8), begins, np.array(list(parts.values()), np.int64))


def _free(slots: int) -> Ints:
    """Return at least so many free slots, a power of two."""
    return np.full(1 << (slots - 1).bit_length(), scan.NOWHERE, np.int64)


def _grown(column: Any, room: int) -> Any:
    """Return the column, or a longer one that begins with it where it is too short."""
    if len(column) >= room:
        return column
    longer = np.zeros(max(room, 2 * len(column)), column.dtype)
    longer[: len(column)] = column
    return longer


def _words(length: int) -> int:
    """Return how many words of eight bytes that many bytes take."""
    return (length + 7) >> 3
