"""The tree against RFC 6962's definition written down naively, and its proofs against the checker's own code."""

from __future__ import annotations

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slaengine.audit import check
from slaengine.audit.merkle import EMPTY_ROOT, FileNodes, MerkleTree, leaves_of, nodes_of
from slaengine.errors import AuditError

LEAVES = [sha256(str(i).encode()).digest() for i in range(130)]


def naive_root(leaves: list[bytes]) -> bytes:
    if not leaves:
        return sha256(b"").digest()
    if len(leaves) == 1:
        return sha256(b"\x00" + leaves[0]).digest()
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return sha256(b"\x01" + naive_root(leaves[:split]) + naive_root(leaves[split:])).digest()


def tree_of(count: int) -> MerkleTree:
    tree = MerkleTree()
    tree.extend(LEAVES[:count])
    return tree


def checkpoint(size: int) -> check.Checkpoint:
    return check.Checkpoint("log", size, naive_root(LEAVES[:size]), LEAVES[size - 1] if size else bytes(32), "")


def test_the_root_of_every_size_is_the_definitions():
    tree = tree_of(130)
    assert [tree.root(n) for n in range(131)] == [naive_root(LEAVES[:n]) for n in range(131)]
    assert tree.root(0) == EMPTY_ROOT


def test_rfc_6962_test_vectors_hold():
    """The reference roots that Certificate Transparency's implementations share."""
    inputs = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
    tree = MerkleTree()
    tree.extend(bytes.fromhex(text) for text in inputs)
    assert tree.root(1).hex() == "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
    assert tree.root(2).hex() == "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"
    assert tree.root(8).hex() == "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"


def test_every_inclusion_proof_of_every_small_tree_checks_and_proves_that_leaf_only():
    tree = tree_of(33)
    for size in range(1, 34):
        for index in range(size):
            path = tree.inclusion(index, size)
            assert check.included(LEAVES[index], index, size, path, tree.root(size))
            assert not check.included(LEAVES[index + 1], index, size, path, tree.root(size))
            assert not check.included(LEAVES[index], index, size, [*path, LEAVES[0]], tree.root(size))
            if size > 1:
                assert not check.included(LEAVES[index], (index + 1) % size, size, path, tree.root(size))


def test_every_consistency_proof_of_every_small_tree_checks():
    tree = tree_of(33)
    for new in range(34):
        for old in range(new + 1):
            path = tree.consistency(old, new)
            assert check.consistent(checkpoint(old), checkpoint(new), path)
            if 0 < old < new:
                forged = check.Checkpoint("log", old, bytes(32), bytes(32), "")
                assert not check.consistent(forged, checkpoint(new), path)
                assert not check.consistent(checkpoint(old), checkpoint(new), path[:-1])


@given(st.data())
def test_a_changed_node_spoils_a_proof(data: st.DataObject):
    size = data.draw(st.integers(2, 130))
    index = data.draw(st.integers(0, size - 1))
    tree = tree_of(size)
    path = tree.inclusion(index, size)
    at = data.draw(st.integers(0, len(path) - 1))
    path[at] = bytes([path[at][0] ^ data.draw(st.integers(1, 255))]) + path[at][1:]
    assert not check.included(LEAVES[index], index, size, path, tree.root())


def test_a_tree_kept_in_a_file_grows_across_openings(tmp_path):
    for count in (0, 1, 5, 5, 64, 130):
        with FileNodes(tmp_path / "nodes") as nodes:
            tree = MerkleTree(nodes)
            tree.extend(LEAVES[tree.size : count])
            assert tree.root() == naive_root(LEAVES[:count])
            assert tree.size == count


def test_a_tail_that_a_crash_left_half_written_is_cut_off(tmp_path):
    path = tmp_path / "nodes"
    with FileNodes(path) as nodes:
        MerkleTree(nodes).extend(LEAVES[:100])
    whole = path.read_bytes()
    for cut in (1, 31, 32, 33, 64, 150, 1000):
        path.write_bytes(whole[:-cut])
        with FileNodes(path) as nodes:
            tree = MerkleTree(nodes)
            assert tree.root() == naive_root(LEAVES[: tree.size])
            tree.extend(LEAVES[tree.size : 100])
            assert tree.root() == naive_root(LEAVES[:100])


@given(st.integers(0, 10**12))
def test_leaves_and_nodes_count_each_other(leaves: int):
    assert leaves_of(nodes_of(leaves)) == leaves


def test_asking_beyond_the_tree_is_refused():
    tree = tree_of(3)
    for question in (
        lambda: tree.root(4),
        lambda: tree.inclusion(3, 3),
        lambda: tree.consistency(3, 4),
        lambda: tree.consistency(3, 2),
    ):
        with pytest.raises(AuditError):
            question()
