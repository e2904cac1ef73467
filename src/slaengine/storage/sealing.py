"""Sealing a store: the checkpoint is kept in the seal's folder and recorded in the log itself."""

from __future__ import annotations

from datetime import datetime

from slaengine.audit.check import PublicKey
from slaengine.audit.seal import Sealed, SealFolder, seal
from slaengine.audit.signing import SigningKey
from slaengine.domain.codec import encode
from slaengine.domain.seals import SEALS, CheckpointSigned
from slaengine.errors import AuditError, Overtaken
from slaengine.storage.log import FactLog, NewFact

ATTEMPTS_MAX = 5


def seal_store(
    log: FactLog, folder: SealFolder, key: SigningKey, now: datetime, *, next_key: PublicKey | None = None
) -> Sealed | None:
    """Seal what was recorded since the last checkpoint; None when there is nothing new.

    The folder has the checkpoint before the log does: what others can hold us to is written first.

    Raises:
        AuditError: the log does not hold, the key is not the one in force, or the folder cannot be written.
        StorageError: the log cannot be read or written.
    """
    with folder.opened(create=True) as so_far:
        made = seal(log, so_far, key, now, next_key=next_key)
        if made is not None:
            folder.add(made.note)
            _record(log, CheckpointSigned(occurred_at=now, by=None, note=made.note))
    return made


def recorded_notes(log: FactLog) -> list[str]:
    """Return the checkpoints that the log itself holds, the earliest first."""
    return [CheckpointSigned.model_validate_json(fact.state).note for fact in log.facts_of(SEALS)]


def _record(log: FactLog, fact: CheckpointSigned) -> None:
    for _ in range(ATTEMPTS_MAX):
        last = log.facts_of(SEALS, latest_first=True, limit=1)
        version = last[0].version + 1 if last else 1
        try:
            log.append([NewFact(SEALS, version, fact.TOPIC, encode(fact))])
        except Overtaken:
            continue
        return
    raise AuditError(
        "the checkpoint is in the seal's folder, and others seal this log at the same time; seal from one place only"
    )
