"""Facts to the stored form and back: the part that stands between our facts and the eventsourcing library."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID

from eventsourcing.domain import DomainEventProtocol
from eventsourcing.persistence import JSONTranscoder, Mapper, MapperDeserialisationError, StoredEvent, Transcoder

from slaengine.domain.codec import decode, encode
from slaengine.domain.events import Fact
from slaengine.errors import CorruptFact, UsageError
from slaengine.storage.personal import masked

if TYPE_CHECKING:
    from slaengine.storage.personal import Vault


class Recorded(NamedTuple):
    """A fact in the envelope that the library asks of an event: whose it is, and the how many-th of that order."""

    originator_id: UUID
    originator_version: int
    fact: Fact


class FactMapper(Mapper[UUID]):
    """Writes a fact under its own topic as JSON, and reads it back, brought up to today's shape and validated.

    With a `vault`, personal texts are concealed on the way in and revealed on the way out. The library's compressors
    and ciphers are refused: other readers of the log expect JSON, and a cipher over whole facts would hide them all.
    """

    def __init__(
        self, transcoder: Transcoder | None = None, compressor: Any = None, cipher: Any = None, *, vault: Vault | None = None
    ) -> None:
        if compressor is not None or cipher is not None:
            raise UsageError("facts are stored as plain JSON; take COMPRESSOR_TOPIC and CIPHER_TOPIC out of the environment")
        super().__init__(transcoder or JSONTranscoder())
        self._vault = vault

    @property
    def conceals(self) -> bool:
        """Whether there is a vault."""
        return self._vault is not None

    def state_of(self, order_id: UUID, fact: Fact) -> bytes:
        """Return the JSON under which `fact` is stored."""
        state = encode(fact)
        return state if self._vault is None else self._vault.conceal(order_id, fact, state)

    def fact_of(self, order_id: UUID, version: int, topic: str, state: bytes) -> Fact:
        """Return the fact that was stored; concealed texts read `[erased]` without a vault.

        Raises:
            CorruptFact: it cannot be read; the message names the order and the version.
        """
        clear = masked(state) if self._vault is None else self._vault.reveal(order_id, state)
        try:
            return decode(topic, clear)
        except CorruptFact as error:
            raise CorruptFact(f"fact {version} of work order {order_id}: {error}") from error.__cause__

    def to_stored_event(self, domain_event: DomainEventProtocol[UUID]) -> StoredEvent:
        """Return the library's stored form of a `Recorded`."""
        if not isinstance(domain_event, Recorded):
            raise UsageError(f"a {type(domain_event).__name__} is not a recorded fact; wrap facts in `Recorded`")
        order_id, fact = domain_event.originator_id, domain_event.fact
        return StoredEvent(order_id, domain_event.originator_version, fact.TOPIC, self.state_of(order_id, fact))

    def to_domain_event(self, stored_event: StoredEvent) -> Recorded:
        """Return the `Recorded` that was stored.

        Raises:
            MapperDeserialisationError: the library's name for a fact that cannot be read.
        """
        order_id, version = stored_event.originator_id, stored_event.originator_version
        if not isinstance(order_id, UUID):
            raise MapperDeserialisationError(f"'{order_id}' is not the UUID of a work order")
        try:
            return Recorded(order_id, version, self.fact_of(order_id, version, stored_event.topic, stored_event.state))
        except CorruptFact as error:
            raise MapperDeserialisationError(str(error)) from error
