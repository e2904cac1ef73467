"""Keys that sign checkpoints: Ed25519, written on one line as C2SP's signed notes write them."""

from __future__ import annotations

import base64
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from slaengine.audit.check import ED25519, Checkpoint, ProofError, PublicKey
from slaengine.errors import AuditError, MissingExtra, UsageError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

PREFIX = "PRIVATE+KEY"


@dataclass(frozen=True, repr=False)
class SigningKey:
    """A private key; `name` is that of the log whose checkpoints it signs. Never printed: `repr` shows the public half."""

    name: str
    seed: bytes

    def __repr__(self) -> str:
        return f"SigningKey({self.public})"

    @property
    def public(self) -> PublicKey:
        """The half that others check with."""
        return PublicKey(self.name, self._key().public_key().public_bytes_raw())

    def sign(self, checkpoint: Checkpoint) -> str:
        """Return the checkpoint as a signed note."""
        signature = self.public.id + self._key().sign(checkpoint.body.encode())
        return f"{checkpoint.body}\n— {self.name} {base64.b64encode(signature).decode()}\n"

    def _key(self) -> Ed25519PrivateKey:
        return _ed25519().from_private_bytes(self.seed)

    @classmethod
    def new(cls, name: str) -> SigningKey:
        """Return a fresh key for the log `name`: a word without spaces or `+`, such as `example.org/orders`.

        Raises:
            UsageError: the name cannot stand in a checkpoint.
        """
        if not name or "+" in name or any(letter.isspace() for letter in name):
            raise UsageError(f"'{name}' cannot name a log; take a word without spaces or '+', such as example.org/orders")
        return cls(name, _ed25519().generate().private_bytes_raw())

    def save(self, path: Path) -> None:
        """Write the key to a new file that only its owner can read, and the public half to `path` + `.pub`.

        Raises:
            AuditError: a file of that name exists, or cannot be written.
        """
        text = f"{PREFIX}+{self.name}+{self.public.id.hex()}+{base64.b64encode(ED25519 + self.seed).decode()}\n"
        try:
            with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
                file.write(text)
            path.with_name(path.name + ".pub").write_text(f"{self.public}\n")
        except FileExistsError:
            raise AuditError(f"{path} exists; a key is never overwritten") from None
        except OSError as error:
            raise AuditError(f"cannot write the key to {path}: {error.strerror}") from None

    @classmethod
    def load(cls, path: Path) -> SigningKey:
        """Return the key in the file.

        Raises:
            AuditError: it holds none.
        """
        text = _read(path).strip()
        name, _, rest = text.removeprefix(f"{PREFIX}+").partition("+")
        try:
            raw = base64.b64decode(rest.partition("+")[2], validate=True)
        except ValueError:
            raw = b""
        if not text.startswith(PREFIX) or len(raw) != 33 or raw[:1] != ED25519:
            raise AuditError(f"{path} holds no signing key; `slaengine audit key` makes one")
        return cls(name, raw[1:])


def load_public(text_or_path: str) -> PublicKey:
    """Return the public key that the text writes, or that stands in the file of that name.

    Raises:
        AuditError: neither.
    """
    text = text_or_path if "+" in text_or_path and not Path(text_or_path).exists() else _read(Path(text_or_path))
    try:
        return PublicKey.parse(text)
    except ProofError as error:
        raise AuditError(f"--key {text_or_path}: {error}") from None


def _read(path: Path) -> str:
    try:
        return path.read_text()
    except (OSError, UnicodeDecodeError) as error:
        raise AuditError(f"cannot read the key {path}: {error}") from None


def _ed25519() -> type[Ed25519PrivateKey]:
    try:
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey  # noqa: PLC0415 (an extra)
    except ImportError:
        raise MissingExtra("signing and checking seals", "audit") from None
    return Ed25519PrivateKey
