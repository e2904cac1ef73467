"""Check a proof that the facts of a work order stand in a sealed log.

Copy this one file anywhere: it needs Python 3.11 and `pip install cryptography`, and neither slaengine nor the store.

    python check.py proof.json --key seal.pub

It shares no code with what makes proofs, on purpose: it is written from docs/reference/seal.md alone.
"""

from __future__ import annotations

import argparse
import base64
import binascii
import json
import sys
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import UUID

PROOF_FORMAT = "slaengine-proof/1"
CHAIN_DOMAIN = b"slaengine.fact.v1\x00"
ED25519 = b"\x01"
KEY_ID = 4
EXTENSIONS = ("chain", "time", "next")


class ProofError(Exception):
    """The proof does not hold, or cannot be read; the text says where."""


@dataclass(frozen=True)
class PublicKey:
    """A key that checkpoints are signed with; written `name+id+base64` as in C2SP's signed notes."""

    name: str
    raw: bytes

    @property
    def id(self) -> bytes:
        """The four bytes that stand in a signature to tell which key made it."""
        return sha256(self.name.encode() + b"\n" + ED25519 + self.raw).digest()[:KEY_ID]

    def __str__(self) -> str:
        return f"{self.name}+{self.id.hex()}+{base64.b64encode(ED25519 + self.raw).decode()}"

    @classmethod
    def parse(cls, text: str) -> PublicKey:
        """Return the key that `text` writes.

        Raises:
            ProofError: it writes none.
        """
        if text.startswith("PRIVATE+KEY"):
            raise ProofError("this is the private key, which must stay where it is; give the public one, its .pub file")
        name, _, rest = text.strip().partition("+")
        key_id, _, encoded = rest.partition("+")
        key = _decoded(encoded, "the public key")
        if not name or len(key) != 33 or key[:1] != ED25519:
            raise ProofError("this is not a public key; one looks like name+0a1b2c3d+base64")
        public = cls(name, key[1:])
        if public.id.hex() != key_id:
            raise ProofError(f"the public key of '{name}' is damaged: its id is not {key_id}")
        return public


@dataclass(frozen=True)
class Checkpoint:
    """What was signed: the first `size` facts of log `origin` make the tree `root` and end with the hash `chain`.

    `next` is the key that signs the checkpoints after this one; None means the same key goes on.
    """

    origin: str
    size: int
    root: bytes
    chain: bytes
    time: str
    next: PublicKey | None = None

    @property
    def body(self) -> str:
        """The text that the signature is over."""
        lines = [self.origin, str(self.size), base64.b64encode(self.root).decode()]
        lines += [f"chain {self.chain.hex()}", f"time {self.time}"]
        lines += [f"next {self.next}"] if self.next else []
        return "\n".join(lines) + "\n"


def open_note(note: str, key: PublicKey) -> Checkpoint:
    """Return the checkpoint in a signed note, once its signature by `key` is found good.

    Raises:
        ProofError: the note is malformed, of another log, or not signed by this key.
    """
    body, separator, signatures = note.partition("\n\n")
    if not separator:
        raise ProofError("a checkpoint is cut short: it carries no signature")
    checkpoint = read_note(note)
    if checkpoint.origin != key.name:
        raise ProofError(f"a checkpoint is of the log '{checkpoint.origin}', and the key is that of '{key.name}'")
    for line in signatures.splitlines():
        dash, _, rest = line.partition(" ")
        name, _, encoded = rest.partition(" ")
        if dash == "—" and name == key.name:
            signature = _decoded(encoded, "a signature")
            if signature[:KEY_ID] == key.id and _signed(key, (body + "\n").encode(), signature[KEY_ID:]):
                return checkpoint
    raise ProofError(f"the checkpoint of {checkpoint.size} facts is not signed by the key {key.name}+{key.id.hex()}")


def read_note(note: str) -> Checkpoint:
    """Return the checkpoint in a note, trusting nothing: no signature is checked.

    Raises:
        ProofError: the note is malformed.
    """
    body = note.partition("\n\n")[0]
    lines = body.split("\n")
    if len(lines) < 5 or not lines[1].isdecimal():
        raise ProofError("a checkpoint is malformed: origin, size, root, chain and time are expected, a line each")
    fields = dict(line.split(" ", 1) for line in lines[3:] if " " in line)
    if list(fields) not in (list(EXTENSIONS[:2]), list(EXTENSIONS)):
        raise ProofError("a checkpoint is malformed: after the root come the lines chain, time and perhaps next")
    checkpoint = Checkpoint(
        lines[0],
        int(lines[1]),
        _decoded(lines[2], "a root"),
        _unhexed(fields["chain"], "a chain hash"),
        fields["time"],
        PublicKey.parse(fields["next"]) if "next" in fields else None,
    )
    if checkpoint.body != body + "\n":
        raise ProofError("a checkpoint is malformed: it is not written as checkpoints are")
    return checkpoint


def _signed(key: PublicKey, message: bytes, signature: bytes) -> bool:
    from cryptography.exceptions import InvalidSignature  # noqa: PLC0415 (an extra; hashes are checked without it)
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey  # noqa: PLC0415

    try:
        Ed25519PublicKey.from_public_bytes(key.raw).verify(signature, message)
    except InvalidSignature:
        return False
    return True


def fact_hash(previous: bytes, order_id: bytes, fact: dict[str, Any]) -> bytes:
    """Return the hash of a fact: over that of the fact before it in the log, and all that is stored of it."""
    topic, state = fact["topic"].encode(), fact["state"].encode()
    numbers = (fact["position"], fact["version"], fact["recorded_at"], len(topic))
    content = [CHAIN_DOMAIN, previous, order_id, *(number.to_bytes(8, "big", signed=True) for number in numbers)]
    return sha256(b"".join([*content, topic, len(state).to_bytes(8, "big", signed=True), state])).digest()


def included(leaf: bytes, index: int, size: int, path: list[bytes], root: bytes) -> bool:
    """Whether `path` leads from leaf `index` (from 0) to the `root` of a tree of `size` leaves (RFC 9162, 2.1.3.2)."""
    if not 0 <= index < size:
        return False
    node, last = sha256(b"\x00" + leaf).digest(), size - 1
    for sibling in path:
        if last == 0:
            return False
        if index & 1 or index == last:
            node = _join(sibling, node)
            while not index & 1 and index:
                index, last = index >> 1, last >> 1
        else:
            node = _join(node, sibling)
        index, last = index >> 1, last >> 1
    return last == 0 and node == root


def consistent(old: Checkpoint, new: Checkpoint, path: list[bytes]) -> bool:
    """Whether `path` shows the tree of `old` to be the beginning of that of `new` (RFC 9162, 2.1.4.2)."""
    if old.size > new.size:
        return False
    if old.size in (0, new.size):
        return not path and (old.size == 0 or (old.root, old.chain) == (new.root, new.chain))
    if old.size & (old.size - 1) == 0:
        path = [old.root, *path]
    if not path:
        return False
    index, last = old.size - 1, new.size - 1
    while index & 1:
        index, last = index >> 1, last >> 1
    old_node = new_node = path[0]
    for sibling in path[1:]:
        if last == 0:
            return False
        if index & 1 or index == last:
            old_node, new_node = _join(sibling, old_node), _join(sibling, new_node)
            while not index & 1 and index:
                index, last = index >> 1, last >> 1
        else:
            new_node = _join(new_node, sibling)
        index, last = index >> 1, last >> 1
    return last == 0 and old_node == old.root and new_node == new.root


def _join(left: bytes, right: bytes) -> bytes:
    return sha256(b"\x01" + left + right).digest()


def check_proof(proof: Any, key: PublicKey) -> Checkpoint:
    """Return the checkpoint that vouches for the facts in `proof`, trusting nothing but `key`.

    The checkpoints are walked from the first, signed by `key`, each shown to be the beginning of the next; one that
    names a next key hands the trust on. Every fact must hash to a leaf of the last one's tree, and the facts' versions
    must run from 1 without a gap.

    Raises:
        ProofError: something does not hold; the first such thing is named.
    """
    if not isinstance(proof, dict) or proof.get("format") != PROOF_FORMAT:
        raise ProofError(f"this is not a proof: '{PROOF_FORMAT}' is not written in it")
    try:
        checkpoint = _walk(proof["checkpoints"], proof["consistency"], key)
        order_id = _order_id(proof["order"]["id"])
        for number, fact in enumerate(proof["facts"], start=1):
            _check_fact(fact, number, order_id, checkpoint)
    except (LookupError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise ProofError(f"the proof is damaged: {type(error).__name__} at {error}") from error
    if not proof["facts"]:
        raise ProofError("the proof holds no facts")
    return checkpoint


def _walk(notes: list[str], paths: list[list[str]], key: PublicKey) -> Checkpoint:
    if len(paths) != len(notes) - 1:
        raise ProofError("the proof is damaged: between every two checkpoints one proof of consistency is expected")
    checkpoint = open_note(notes[0], key)
    for note, path in zip(notes[1:], paths, strict=True):
        key = checkpoint.next or key
        later = open_note(note, key)
        if not consistent(checkpoint, later, [_unhexed(node, "a node") for node in path]):
            raise ProofError(
                f"history was rewritten: the log of {later.size} facts does not begin with that of {checkpoint.size}"
            )
        checkpoint = later
    return checkpoint


def _check_fact(fact: dict[str, Any], number: int, order_id: bytes, checkpoint: Checkpoint) -> None:
    if fact["version"] != number:
        raise ProofError(f"fact {number} of the order is missing: version {fact['version']} stands in its place")
    leaf = fact_hash(_unhexed(fact["previous"], "a hash"), order_id, fact)
    path = [_unhexed(node, "a node") for node in fact["path"]]
    if not included(leaf, fact["position"] - 1, checkpoint.size, path, checkpoint.root):
        raise ProofError(f"fact {number} ({fact['topic']}) is not in the sealed log: it was changed, or never stood there")


def _decoded(text: str, what: str) -> bytes:
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raw = b""
    if base64.b64encode(raw).decode() != text:
        raise ProofError(f"{what} is damaged: it is not base64")
    return raw


def _order_id(text: str) -> bytes:
    """Return the order's id in 16 bytes; only its usual way of writing will do, where Python would take others."""
    order_id = UUID(text)
    if str(order_id) != text.lower():
        raise ProofError("the order's id is damaged: it is not written as UUIDs are")
    return order_id.bytes


def _unhexed(text: str, what: str) -> bytes:
    try:
        raw = bytes.fromhex(text)
    except ValueError:
        raw = b""
    if raw.hex() != text.lower():  # Python would take white space between the digits too
        raise ProofError(f"{what} is damaged: it is not hexadecimal")
    return raw


def read_proof(path: str) -> Any:
    """Return the JSON in a file; `-` is standard input.

    Raises:
        ProofError: it cannot be read, or is not JSON.
    """
    try:
        return json.loads(sys.stdin.read() if path == "-" else Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise ProofError(f"cannot read {path}: {error.strerror}") from None
    except ValueError:
        raise ProofError(f"{path} is not a proof: it is not JSON") from None


def summary(proof: dict[str, Any], checkpoint: Checkpoint) -> str:
    """Return what a proof that holds shows, for a person."""
    lines = [
        f"The proof holds: {len(proof['facts'])} facts of work order {proof['order']['number']} stand unchanged in the log",
        f"{checkpoint.origin}, sealed at {checkpoint.time} with {checkpoint.size} facts in it.",
        "",
    ]
    for fact in proof["facts"]:
        name = fact["topic"].split(".")[1] if fact["topic"].count(".") == 2 else fact["topic"]
        occurred = json.loads(fact["state"]).get("occurred_at", "?")
        lines.append(f"  {fact['version']:>3}  {name:<18} occurred {occurred}  at position {fact['position']}")
    return "\n".join(lines)


def main(argv: list[str] | None = None) -> int:
    """Check a proof from the shell; return 0 when it holds, 1 when it does not, 2 when the question makes no sense."""
    parser = argparse.ArgumentParser(
        description="Check that facts of a work order stand in a sealed log.", epilog="python check.py proof.json --key seal.pub"
    )
    parser.add_argument("proof", help="the proof file; - for standard input")
    parser.add_argument("--key", required=True, help="the public key you trust: its file, or its one line of text")
    options = parser.parse_args(argv)
    try:
        is_file = Path(options.key).is_file()
        key = PublicKey.parse(Path(options.key).read_text(encoding="utf-8") if is_file else options.key)
        proof = read_proof(options.proof)
        checkpoint = check_proof(proof, key)
    except ProofError as error:
        print(f"The proof does not hold: {error}", file=sys.stderr)  # noqa: T201 (a script of its own)
        return 1
    except ImportError:
        print("Checking signatures needs a package: pip install cryptography", file=sys.stderr)  # noqa: T201
        return 2
    print(summary(proof, checkpoint))  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(main())
