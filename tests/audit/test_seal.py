"""Sealing: checkpoints, the handing over of keys, and proofs checked by the file that needs nothing of ours."""

from __future__ import annotations

import copy
import json
import subprocess
import sys
from datetime import timedelta
from importlib.util import find_spec
from pathlib import Path
from uuid import UUID

import pytest
from audit_logs import NOON, ListLog, chained, facts, of_order
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from slaengine.audit import check
from slaengine.audit.merkle import MerkleTree
from slaengine.audit.proof import Case, Proof, prove
from slaengine.audit.seal import Seal, SealFolder, seal
from slaengine.audit.signing import SigningKey, load_public
from slaengine.domain.seals import CheckpointSigned
from slaengine.errors import AuditError, UsageError

KEY = SigningKey.new("example.org/orders")
NEXT = SigningKey.new("example.org/orders")
OTHER = SigningKey.new("example.org/orders")


def sealed(log: ListLog, *, sizes: tuple[int, ...], key: SigningKey = KEY) -> Seal:
    whole, so_far = log.facts, Seal(MerkleTree())
    for hour, size in enumerate(sizes):
        log.facts = whole[:size]
        made = seal(log, so_far, key, NOON + timedelta(hours=hour))
        assert made is not None
        so_far = Seal(so_far.tree, (*so_far.notes, made.note))
    log.facts = whole
    return so_far


def proof_of(order: int, log: ListLog, so_far: Seal, since: str | None = None) -> Proof:
    return prove(log, so_far, Case(UUID(int=order), f"WO-{order}", of_order(log.facts, order)), since)


def test_a_checkpoint_says_the_size_the_root_and_the_last_hash_and_is_signed():
    log = ListLog(facts(7))
    made = seal(log, Seal(MerkleTree()), KEY, NOON)
    assert made is not None
    point = check.open_note(made.note, KEY.public)
    assert (point.origin, point.size, point.chain) == ("example.org/orders", 7, log.facts[-1].hash)
    tree = MerkleTree()
    tree.extend(fact.hash for fact in log.facts)
    assert point.root == tree.root()


def test_nothing_new_is_not_sealed_again_and_our_own_checkpoint_is_nothing_new():
    log = ListLog(facts(7))
    so_far = sealed(log, sizes=(7,))
    assert seal(log, so_far, KEY, NOON) is None
    own = log.facts[-1]._replace(topic=CheckpointSigned.TOPIC, version=1, order_id=UUID(int=99))
    log.facts = chained([*log.facts, own], start=7)
    assert seal(log, so_far, KEY, NOON) is None
    log.facts = chained([*log.facts, facts(9)[-1]], start=8)
    made = seal(log, so_far, KEY, NOON)
    assert made is not None
    assert made.checkpoint.size == 9


def test_a_crash_between_tree_and_checkpoint_does_not_leave_facts_unsealed():
    log = ListLog(facts(9))
    so_far = sealed(log, sizes=(6,))
    so_far.tree.extend(fact.hash for fact in log.facts[6:])
    made = seal(log, so_far, KEY, NOON)
    assert made is not None
    assert made.checkpoint.size == 9


def test_an_empty_log_cannot_be_sealed():
    with pytest.raises(AuditError, match="nothing to seal"):
        seal(ListLog([]), Seal(MerkleTree()), KEY, NOON)


def test_a_broken_chain_is_not_sealed_and_the_position_is_named():
    log = ListLog(facts(9))
    log.facts[4] = log.facts[4]._replace(state=b"{}")
    with pytest.raises(AuditError, match="position 5"):
        seal(log, Seal(MerkleTree()), KEY, NOON)


@pytest.mark.parametrize("keep", [0, 3, 5])
def test_a_log_rewritten_behind_a_checkpoint_is_not_sealed(keep: int):
    log = ListLog(facts(9))
    so_far = sealed(log, sizes=(6,))
    forged = [*log.facts[:keep], log.facts[keep]._replace(state=b"{}"), *log.facts[keep + 1 :]]
    log.facts = chained(forged, start=keep)
    with pytest.raises(AuditError, match="rewritten"):
        seal(log, so_far, KEY, NOON)
    with pytest.raises(AuditError, match="rewritten"):
        seal(log, Seal(MerkleTree(), so_far.notes), KEY, NOON)
    log.facts = facts(4)
    with pytest.raises(AuditError, match="cut"):
        seal(log, so_far, KEY, NOON)


def test_only_the_key_in_force_may_seal():
    log = ListLog(facts(9))
    so_far = sealed(log, sizes=(6,))
    with pytest.raises(AuditError, match="not the one in force"):
        seal(log, so_far, OTHER, NOON)


def handed_over(log: ListLog) -> Seal:
    """A log sealed by KEY, handed over to NEXT, and sealed again by NEXT."""
    whole = log.facts
    so_far = sealed(log, sizes=(3,))
    for key, next_key, size in ((KEY, NEXT, 6), (NEXT, None, len(whole))):
        log.facts = whole[:size]
        made = seal(log, so_far, key, NOON + timedelta(days=size), next_key=next_key.public if next_key else None)
        assert made is not None
        so_far = Seal(so_far.tree, (*so_far.notes, made.note))
    return so_far


def test_after_a_handover_the_old_key_is_out_of_force():
    log = ListLog(facts(9))
    so_far = handed_over(log)
    log.facts = facts(10)
    with pytest.raises(AuditError, match="not the one in force"):
        seal(log, so_far, KEY, NOON)
    with pytest.raises(UsageError, match="is 'example"):
        seal(log, so_far, NEXT, NOON, next_key=SigningKey.new("elsewhere").public)


def test_a_proof_checks_with_the_first_key_alone_across_a_handover():
    log = ListLog(facts(9))
    proof = proof_of(2, log, handed_over(log))
    assert len(proof["checkpoints"]) == 2
    assert check.check_proof(proof, KEY.public).size == 9
    with pytest.raises(check.ProofError, match="not signed by the key"):
        check.check_proof(proof, NEXT.public)


def test_every_order_of_a_sealed_log_can_be_proven():
    log = ListLog(facts(40, orders=7))
    so_far = sealed(log, sizes=(11, 40))
    for order in range(1, 8):
        assert check.check_proof(proof_of(order, log, so_far), KEY.public).size == 40


def test_a_proof_since_a_held_checkpoint_shows_that_history_only_grew():
    log = ListLog(facts(40))
    so_far = sealed(log, sizes=(11, 25, 40))
    proof = proof_of(1, log, so_far, since=so_far.notes[0])
    assert [check.read_note(note).size for note in proof["checkpoints"]] == [11, 40]
    check.check_proof(proof, KEY.public)


def test_a_held_checkpoint_of_a_forked_history_is_refused():
    log = ListLog(facts(40))
    fork = ListLog(chained([fact._replace(state=b"{}") for fact in facts(40)]))
    with pytest.raises(AuditError, match="forked"):
        proof_of(1, log, sealed(log, sizes=(40,)), since=sealed(fork, sizes=(11,)).notes[0])


def test_a_proof_that_joins_two_histories_does_not_hold():
    log = ListLog(facts(40))
    fork = ListLog(chained([fact._replace(state=b"{}") for fact in facts(40)]))
    proof = proof_of(1, log, sealed(log, sizes=(11, 40)), since=sealed(log, sizes=(11, 40)).notes[0])
    proof["checkpoints"][0] = sealed(fork, sizes=(11,)).notes[0]
    with pytest.raises(check.ProofError, match="rewritten"):
        check.check_proof(proof, KEY.public)


def test_facts_that_are_not_sealed_yet_are_left_out_and_an_order_without_any_is_refused():
    log = ListLog(facts(9))
    so_far = sealed(log, sizes=(2,))
    assert [fact["version"] for fact in proof_of(1, log, so_far)["facts"]] == [1]
    with pytest.raises(AuditError, match="seal again"):
        proof_of(3, log, so_far)
    with pytest.raises(AuditError, match="nothing is sealed"):
        proof_of(3, log, Seal(MerkleTree()))


def _leaves(value: object, path: tuple[object, ...] = ()) -> list[tuple[object, ...]]:
    if isinstance(value, dict):
        return [leaf for name, inner in value.items() for leaf in _leaves(inner, (*path, name))]
    if isinstance(value, list):
        return [leaf for i, inner in enumerate(value) for leaf in _leaves(inner, (*path, i))]
    return [path]


WHOLE_LOG = ListLog(facts(20))
WHOLE = proof_of(1, WHOLE_LOG, handed_over(WHOLE_LOG))
WHOLE_LOG.facts = facts(20)


@pytest.mark.parametrize("written", ["{{{0}}}", "urn:uuid:{0}", "\r"], ids=["braces", "urn", "white space"])
def test_an_id_in_another_spelling_is_refused(written: str):
    proof = copy.deepcopy(WHOLE)
    usual = proof["order"]["id"]
    assert usual.startswith("0")
    proof["order"]["id"] = f"\r{usual[1:]}" if written.startswith("\r") else written.format(usual)
    with pytest.raises(check.ProofError, match="order's id is damaged"):
        check.check_proof(proof, KEY.public)


NOT_PROVEN = {("order", "number")}
"""What a proof says beside the proof: the readable number stands in the first fact, which is proven."""


@given(st.data())
@settings(max_examples=500)
def test_no_part_of_a_proof_can_be_changed(data: st.DataObject):
    path = data.draw(st.sampled_from([leaf for leaf in _leaves(WHOLE) if leaf not in NOT_PROVEN]))
    proof = copy.deepcopy(WHOLE)
    holder: dict[object, object] = proof
    for name in path[:-1]:
        holder = holder[name]  # type: ignore[assignment]
    old = holder[path[-1]]
    if isinstance(old, int):
        new: object = old + data.draw(st.integers(-(2**70), 2**70).filter(bool))
    else:
        assert isinstance(old, str)
        at = data.draw(st.integers(0, len(old) - 1))
        new = old[:at] + data.draw(st.characters(codec="utf-8").filter(lambda c: c != old[at])) + old[at + 1 :]
    if (
        isinstance(old, str)
        and isinstance(new, str)
        and new.lower() == old.lower()
        and path[-1] not in ("state", "topic", "format")
    ):
        return  # the same number in other letters
    holder[path[-1]] = new
    with pytest.raises(check.ProofError):
        check.check_proof(proof, KEY.public)


@pytest.mark.parametrize(
    "change", ["drop_fact", "drop_first", "swap", "drop_path", "drop_checkpoint", "no_facts", "empty", "list"]
)
def test_a_proof_with_parts_taken_out_or_exchanged_does_not_hold(change: str):
    proof = copy.deepcopy(WHOLE)
    match change:
        case "drop_fact":
            del proof["facts"][1]
        case "drop_first":
            del proof["facts"][0]
        case "swap":
            proof["facts"][0], proof["facts"][1] = proof["facts"][1], proof["facts"][0]
        case "drop_path":
            proof["facts"][0]["path"].pop()
        case "drop_checkpoint":
            del proof["checkpoints"][0], proof["consistency"][0]
        case "no_facts":
            proof["facts"] = []
        case "empty":
            proof = {}
        case _:
            proof = [proof]  # type: ignore[assignment]
    with pytest.raises(check.ProofError):
        check.check_proof(proof, KEY.public)


@given(
    junk=st.recursive(st.none() | st.integers() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner))
)
def test_junk_in_place_of_any_part_is_refused_by_name(junk: object):
    for part in ("checkpoints", "consistency", "order", "facts"):
        with pytest.raises(check.ProofError):
            check.check_proof({**WHOLE, part: junk}, KEY.public)


def run_alone(tmp_path: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a copy of the one file, where slaengine cannot be imported."""
    alone = tmp_path / "alone"
    alone.mkdir(exist_ok=True)
    (alone / "check.py").write_bytes(Path(check.__file__).read_bytes())
    blocker = "import sys; sys.modules['slaengine'] = None; import runpy; sys.argv = sys.argv[1:]; "
    code = blocker + "runpy.run_path('check.py', run_name='__main__')"
    command = [sys.executable, "-c", code, "check.py", *arguments]
    return subprocess.run(command, cwd=alone, capture_output=True, text=True, check=False)


def test_the_one_file_checks_a_proof_without_slaengine(tmp_path: Path):
    (tmp_path / "proof.json").write_text(json.dumps(WHOLE))
    KEY.save(tmp_path / "seal.key")
    done = run_alone(tmp_path, "../proof.json", "--key", "../seal.key.pub")
    assert done.returncode == 0, done.stderr
    assert "The proof holds" in done.stdout
    assert "received" in done.stdout
    forged = json.loads(json.dumps(WHOLE).replace('\\"by\\":\\"0\\"', '\\"by\\":\\"7\\"'))
    assert forged != WHOLE
    (tmp_path / "proof.json").write_text(json.dumps(forged))
    done = run_alone(tmp_path, "../proof.json", "--key", str(KEY.public))
    assert done.returncode == 1
    assert "does not hold: fact 1" in done.stderr


def test_a_bare_python_with_cryptography_alone_is_enough(tmp_path: Path):
    only = tmp_path / "only"
    only.mkdir()
    for name in ("cryptography", "_cffi_backend"):
        origin = find_spec(name).origin
        place = Path(origin).parent if origin.endswith("__init__.py") else Path(origin)
        (only / place.name).symlink_to(place)
    (tmp_path / "check.py").write_bytes(Path(check.__file__).read_bytes())
    (tmp_path / "proof.json").write_text(json.dumps(WHOLE))
    (tmp_path / "forged.json").write_text(json.dumps(WHOLE).replace('\\"by\\":\\"0\\"', '\\"by\\":\\"7\\"'))
    code = f"import sys, runpy; sys.path.append({str(only)!r}); runpy.run_path('check.py', run_name='__main__')"
    bare = [sys.executable, "-I", "-S", "-c", code]
    sought = subprocess.run(
        [*bare[:4], f"import sys; sys.path.append({str(only)!r}); import pydantic"], capture_output=True, check=False
    )
    assert b"No module named 'pydantic'" in sought.stderr
    answers = {}
    for name in ("proof.json", "forged.json"):
        done = subprocess.run([*bare, name, "--key", str(KEY.public)], cwd=tmp_path, capture_output=True, text=True, check=False)
        answers[name] = (done.returncode, "The proof holds" in done.stdout, "does not hold: fact 1" in done.stderr)
    assert answers == {"proof.json": (0, True, False), "forged.json": (1, False, True)}


@pytest.mark.parametrize(("content", "says"), [("", "not JSON"), ("[1]", "not a proof"), ('{"format": "x"}', "not a proof")])
def test_the_one_file_refuses_what_is_no_proof_in_one_sentence(tmp_path: Path, content: str, says: str):
    (tmp_path / "proof.json").write_text(content)
    done = run_alone(tmp_path, "../proof.json", "--key", str(KEY.public))
    assert done.returncode == 1
    assert says in done.stderr
    assert "Traceback" not in done.stderr


def test_a_key_is_kept_for_its_owner_alone_and_never_overwritten_or_shown(tmp_path: Path):
    path = tmp_path / "seal.key"
    KEY.save(path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert SigningKey.load(path) == KEY
    assert load_public(str(path) + ".pub") == load_public(str(KEY.public)) == KEY.public
    assert KEY.seed.hex() not in repr(KEY)
    assert path.read_text().strip() not in repr(KEY)
    with pytest.raises(AuditError, match="never overwritten"):
        OTHER.save(path)
    with pytest.raises(AuditError, match="holds no signing key"):
        SigningKey.load(tmp_path / "seal.key.pub")
    with pytest.raises(AuditError, match="must stay where it is"):
        load_public(str(path))


def test_the_folder_keeps_tree_and_checkpoints_across_openings(tmp_path: Path):
    folder = SealFolder(tmp_path / "seal")
    log = ListLog([])
    for size in (5, 12, 12, 30):
        log.facts = facts(size)
        with folder.opened(create=True) as so_far:
            made = seal(log, so_far, KEY, NOON + timedelta(minutes=size))
            if made is not None:
                folder.add(made.note)
    assert [check.read_note(note).size for note in folder.notes()] == [5, 12, 30]
    with folder.opened() as so_far:
        check.check_proof(proof_of(3, log, so_far), KEY.public)


@settings(suppress_health_check=[HealthCheck.too_slow], max_examples=50)
@given(st.integers(1, 80), st.integers(1, 9), st.data())
def test_any_order_of_any_log_proves_from_any_checkpoint(size: int, orders: int, data: st.DataObject):
    log = ListLog(facts(size, orders))
    sizes = tuple(sorted(data.draw(st.sets(st.integers(1, size), max_size=4)) | {size}))
    so_far = sealed(log, sizes=sizes)
    order = data.draw(st.integers(1, min(orders, size)))
    since = data.draw(st.sampled_from([None, *so_far.notes]))
    assert check.check_proof(proof_of(order, log, so_far, since), KEY.public).size == size
