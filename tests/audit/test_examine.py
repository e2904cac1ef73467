"""Tampering with a sealed log: every edit is found, and the first bad position is named."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

import pytest
from audit_logs import NOON, ListLog, chained, facts

from slaengine.audit.examine import Examined, Fault, examine
from slaengine.audit.merkle import MerkleTree
from slaengine.audit.seal import Seal, seal
from slaengine.audit.signing import SigningKey
from slaengine.storage.log import StoredFact

KEY = SigningKey.new("example.org/orders")
NEXT = SigningKey.new("example.org/orders")
SIZE = 48
LOG = facts(SIZE, orders=5)


def sealed(log: list[StoredFact], sizes: tuple[int, ...], key: SigningKey = KEY) -> Seal:
    so_far = Seal(MerkleTree())
    for hour, size in enumerate(sizes):
        made = seal(ListLog(log[:size]), so_far, key, NOON + timedelta(hours=hour))
        assert made is not None
        so_far = Seal(so_far.tree, (*so_far.notes, made.note))
    return so_far


SEAL = sealed(LOG, (17, 32, SIZE))


def looked_at(log: list[StoredFact], *, with_tree: bool = True) -> Examined:
    return examine(ListLog(log), SEAL.notes, KEY.public, tree=SEAL.tree if with_tree else None)


@dataclass(frozen=True)
class Attack:
    """One way to tamper; `rewrites` when the attacker also makes the chain hold again."""

    edit: Callable[[random.Random, list[StoredFact]], list[StoredFact]]
    rewrites: bool = False


def _with(log: list[StoredFact], at: int, **fields: object) -> list[StoredFact]:
    return [*log[:at], log[at]._replace(**fields), *log[at + 1 :]]


def flip_a_bit(rng: random.Random, log: list[StoredFact]) -> list[StoredFact]:
    at = rng.randrange(len(log))
    field = rng.choice(["state", "hash"])
    content = bytearray(getattr(log[at], field))
    content[rng.randrange(len(content))] ^= 1 << rng.randrange(8)
    return _with(log, at, **{field: bytes(content)})


def change_a_column(rng: random.Random, log: list[StoredFact]) -> list[StoredFact]:
    at = rng.randrange(len(log))
    fact = log[at]
    changes: list[dict[str, object]] = [
        {"recorded_at": fact.recorded_at - rng.randrange(1, 10**9)},
        {"version": fact.version + rng.choice([-1, 1, 7])},
        {"topic": "work_order.cancelled.v1"},
        {"order_id": log[at - 1].order_id},
        {"position": fact.position + rng.choice([-1, 1, 100])},
    ]
    return _with(log, at, **rng.choice(changes))


def renumbered(log: list[StoredFact]) -> list[StoredFact]:
    return [fact._replace(position=position) for position, fact in enumerate(log, 1)]


def swap_two(rng: random.Random, log: list[StoredFact]) -> list[StoredFact]:
    one, other = rng.sample(range(len(log)), 2)
    result = list(log)
    result[one], result[other] = result[other], result[one]
    return renumbered(result) if rng.random() < 0.5 else result


def take_out(rng: random.Random, log: list[StoredFact]) -> list[StoredFact]:
    first = rng.randrange(len(log))
    result = log[:first] + log[first + rng.randrange(1, 5) :]
    return renumbered(result) if rng.random() < 0.5 else result


def put_in(rng: random.Random, log: list[StoredFact]) -> list[StoredFact]:
    at = rng.randrange(len(log))
    result = [*log[:at], log[rng.randrange(len(log))]._replace(state=b'{"forged":1}'), *log[at:]]
    return renumbered(result) if rng.random() < 0.5 else result


def repeat_one(rng: random.Random, log: list[StoredFact]) -> list[StoredFact]:
    at = rng.randrange(len(log))
    return [*log[: at + 1], log[at], *log[at + 1 :]]


def cut_the_end(rng: random.Random, log: list[StoredFact]) -> list[StoredFact]:
    return log[: rng.randrange(len(log))]


def forge_the_tail(rng: random.Random, log: list[StoredFact]) -> list[StoredFact]:
    at = rng.randrange(len(log))
    return [*log[:at], *(fact._replace(state=b'{"forged":%d}' % rng.randrange(10**6)) for fact in log[at:])]


def mend_one_hash(rng: random.Random, log: list[StoredFact]) -> list[StoredFact]:
    at = rng.randrange(len(log))
    edited = _with(log, at, state=b'{"forged":1}')
    return [*chained(edited[: at + 1], start=at), *edited[at + 1 :]]


EDITS = (flip_a_bit, change_a_column, swap_two, take_out, put_in, repeat_one, forge_the_tail)
ATTACKS = (
    *(Attack(edit) for edit in (*EDITS, cut_the_end, mend_one_hash)),
    *(Attack(edit, rewrites=True) for edit in (change_a_column, swap_two, take_out, put_in, repeat_one, forge_the_tail)),
)


def first_difference(log: list[StoredFact]) -> int | None:
    for position, (old, new) in enumerate(zip(LOG, log, strict=False), 1):
        if old != new:
            return position
    return len(log) + 1 if len(log) < len(LOG) else None


def attacked(attack: Attack, rng: random.Random) -> tuple[list[StoredFact], int] | None:
    """Return a tampered log and its first bad position; None when the edit happened to change nothing sealed."""
    log = attack.edit(rng, LOG)
    if attack.rewrites:
        log = chained(log)
    first = first_difference(log)
    return None if first is None else (log, first)


def trial(attack: Attack, rng: random.Random) -> bool:
    tampered = attacked(attack, rng)
    if tampered is None:
        return False
    log, first = tampered
    with_tree, without = looked_at(log), looked_at(log, with_tree=False)
    assert with_tree.faults, attack
    assert with_tree.faults[0].position == first, attack
    assert without.faults, attack
    return True


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: f"{attack.edit.__name__}{'_and_rewrite' * attack.rewrites}")
def test_every_edit_is_found_and_its_first_position_named(attack: Attack):
    rng = random.Random(f"{attack.edit.__name__}{attack.rewrites}")
    made = 0
    while made < 25:
        made += trial(attack, rng)


@pytest.mark.deep
def test_ten_thousand_edits_are_all_found():
    rng = random.Random(6962)
    made = 0
    while made < 10_000:
        made += trial(rng.choice(ATTACKS), rng)


def test_a_log_that_holds_has_no_faults_whatever_was_appended_since():
    assert looked_at(LOG) == Examined(SIZE, 3, ())
    grown = chained([*LOG, *facts(60, orders=5)[SIZE:]], start=SIZE)
    assert looked_at(grown) == Examined(60, 3, ())
    assert looked_at(grown, with_tree=False) == Examined(60, 3, ())


def test_without_the_tree_a_forged_chain_is_named_behind_the_last_checkpoint_that_agrees():
    forged = chained([*LOG[:40], *(fact._replace(state=b"{}") for fact in LOG[40:])], start=40)
    assert looked_at(forged).faults[0].position == 41
    fault = looked_at(forged, with_tree=False).faults[0]
    assert fault.position == 33
    assert "behind position 32" in fault.problem


def test_deleting_the_newest_facts_is_caught_by_a_checkpoint_held_elsewhere():
    found = examine(ListLog(LOG[:-1]), [SEAL.notes[-1]], KEY.public)
    assert found.faults[0].position == SIZE
    assert f"ends at position {SIZE - 1}" in found.faults[0].problem


def test_a_fork_is_caught_by_the_other_branchs_checkpoint():
    fork = chained([*LOG[:20], *(fact._replace(state=b"{}") for fact in LOG[20:])], start=20)
    held = sealed(fork, (17, 40)).notes[-1]
    found = examine(ListLog(LOG), [*SEAL.notes, held], KEY.public)
    assert found.faults[0].position == 33
    assert "rewritten" in found.faults[0].problem


def test_a_checkpoint_signed_by_another_key_is_a_fault():
    forged = sealed(LOG, (40,), key=SigningKey.new("example.org/orders")).notes[0]
    found = examine(ListLog(LOG), [*SEAL.notes, forged], KEY.public)
    assert [fault.position for fault in found.faults] == [None]
    assert "not signed by the key" in found.faults[0].problem


def test_a_checkpoint_that_is_junk_is_a_fault():
    assert examine(ListLog(LOG), ["junk"], KEY.public).faults[0].position is None


def test_after_a_handover_only_the_new_key_is_good():
    so_far = sealed(LOG, (17,))
    notes = list(so_far.notes)
    for size, key, next_key in ((32, KEY, NEXT), (SIZE, NEXT, None)):
        made = seal(
            ListLog(LOG[:size]), Seal(so_far.tree, tuple(notes)), key, NOON, next_key=next_key.public if next_key else None
        )
        assert made is not None
        notes.append(made.note)
    assert examine(ListLog(LOG), notes, KEY.public) == Examined(SIZE, 3, ())
    late = sealed(LOG, (40,)).notes[0]
    assert "not signed" in examine(ListLog(LOG), [*notes, late], KEY.public).faults[0].problem


def test_a_tampered_tree_is_not_believed():
    other = MerkleTree()
    other.extend(fact.hash for fact in facts(SIZE, orders=2))
    assert examine(ListLog(LOG), SEAL.notes, KEY.public, tree=other).faults == ()
    assert isinstance(examine(ListLog(LOG[:5]), SEAL.notes, KEY.public, tree=other).faults[0], Fault)
