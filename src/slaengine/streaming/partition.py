"""Which partition a key belongs to, by the rule that Kafka's own Java client set and every client can follow."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

SEED = 0x9747B28C
MULTIPLIER = 0x5BD1E995
MASK = 0xFFFFFFFF


def partition_of(key: bytes, partitions: int) -> int:
    """Return the partition, from 0, of `key` in a topic of `partitions`.

    Computed here rather than by the client, so that both clients agree and a position can be found again from a topic.
    """
    return (murmur2(key) & 0x7FFFFFFF) % partitions


def partitions_of(keys: Sequence[bytes], partitions: int) -> list[int]:
    """Return the partition of each key, as `partition_of` does, for many at once: keys of 4n bytes, all of the same length."""
    if not keys:
        return []
    words = np.frombuffer(b"".join(keys), "<u4").reshape(len(keys), -1)
    times = np.uint32(MULTIPLIER)
    value: npt.NDArray[np.uint32] = np.full(len(keys), SEED ^ len(keys[0]), np.uint32)
    for column in words.T:
        word = column * times
        value = value * times ^ (word ^ word >> np.uint32(24)) * times
    value = (value ^ value >> np.uint32(13)) * times
    positive = (value ^ value >> np.uint32(15)) & np.uint32(0x7FFFFFFF)
    numbers: list[int] = (positive % partitions).tolist()
    return numbers


def murmur2(data: bytes) -> int:
    """Return the 32-bit MurmurHash2 of `data`, unsigned, with the seed that Kafka uses."""
    value = SEED ^ len(data)
    whole = len(data) & ~3
    for at in range(0, whole, 4):
        word = int.from_bytes(data[at : at + 4], "little") * MULTIPLIER & MASK
        word = (word ^ word >> 24) * MULTIPLIER & MASK
        value = (value * MULTIPLIER & MASK) ^ word
    if whole < len(data):
        value = (value ^ int.from_bytes(data[whole:], "little")) * MULTIPLIER & MASK
    value = (value ^ value >> 13) * MULTIPLIER & MASK
    return value ^ value >> 15
