"""The loop that reads a packed log: each fact's order, when it occurred, and which of the shapes met so far it has.

A fact's JSON is walked once, byte by byte. What differs from fact to fact and is not asked for is cut out: when it occurred,
and the texts of every field that judging does not look at. What is left, with the topic before it, is looked up among the
facts that were read before, and compared whole. What the loop does not understand it leaves to the caller. Imported only where
Numba is installed.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from slaengine.audit.machine_code import machine_code
from slaengine.audit.scanning import NOWHERE, walk

# How the loop came to stop: all facts are read; the next one must be read by other means.
DONE: Final = 0
NEW: Final = 1

# What `state` says between calls: the fact that is next, where its state and its topic begin, how many rows and orders there
# are; and of the fact at which the loop stopped, its order, and how long what is left of it is: `NOWHERE` when it is odd.
FACT: Final = 0
STATE: Final = 1
TOPIC: Final = 2
ROW: Final = 3
ORDERS: Final = 4
ORDER: Final = 5
LENGTH: Final = 6
STATE_WIDTH: Final = 7

NEWLINE: Final = 10
MIXER: Final = np.uint64(0x9E3779B97F4A7C15)


@machine_code
def read(chunk: Any, fields: Any, known: Any, orders: Any, found: Any, scratch: Any, words: Any, state: Any) -> Any:
    """Read facts from `state[FACT]` on into rows, and say why it stopped: all are read, or the next one must be read otherwise.

    `scratch` and `words` are the same memory, as bytes and as numbers of 8.
    """
    while state[FACT] < len(chunk.position):
        fact = state[FACT]
        end = state[STATE] + chunk.length[fact]
        topic = state[TOPIC]
        while topic < len(chunk.topics) and chunk.topics[topic] != NEWLINE:
            topic += 1
        order = order_of(chunk, orders, state, fact)
        if order != NOWHERE:
            row = state[ROW]
            length = topic - state[TOPIC]
            scratch[:length] = chunk.topics[state[TOPIC] : topic]
            state[ORDER] = order
            state[LENGTH] = (
                walk(chunk.states, state[STATE], end, fields, found, row, scratch, length) if chunk.readable else NOWHERE
            )
            shape = look_up(known, scratch, words, state[LENGTH]) if state[LENGTH] != NOWHERE else NOWHERE
            if shape == NOWHERE:
                return NEW
            found.order[row], found.version[row], found.shape[row] = order, chunk.version[fact], shape
            found.recorded[row] = chunk.recorded[fact]
            state[ROW] = row + 1
        state[FACT], state[STATE], state[TOPIC] = fact + 1, end, topic + 1
    return DONE


@machine_code
def order_of(chunk: Any, orders: Any, state: Any, fact: Any) -> Any:
    """Return the number of a fact's order, a new one where it begins; NOWHERE for one that began elsewhere."""
    one, other = chunk.ids[2 * fact], chunk.ids[2 * fact + 1]
    slot = order_slot(orders, one, other)
    while orders.slots[slot] != NOWHERE:
        number = orders.slots[slot]
        if orders.ids[2 * number] == one and orders.ids[2 * number + 1] == other:
            return number
        slot = (slot + 1) & (len(orders.slots) - 1)
    if chunk.version[fact] > 1 or chunk.position[fact] > chunk.until:
        return NOWHERE
    number = state[ORDERS]
    orders.slots[slot] = number
    orders.ids[2 * number], orders.ids[2 * number + 1] = one, other
    orders.begun[number] = chunk.position[fact]
    state[ORDERS] = number + 1
    return number


@machine_code
def look_up(known: Any, scratch: Any, words: Any, length: Any) -> Any:
    """Return the shape of facts whose text is in the scratch; NOWHERE when none was met."""
    scratch[length : length + 8] = 0
    slot = text_slot(known, words, 0, length)
    while known.slots[slot] != NOWHERE:
        number = known.slots[slot]
        if known.lengths[number] == length:
            begin = known.begins[number]
            differ = np.uint64(0)
            for at in range((length + 7) >> 3):
                differ |= known.texts[begin + at] ^ words[at]
            if differ == 0:
                return known.shapes[number]
        slot = (slot + 1) & (len(known.slots) - 1)
    return NOWHERE


@machine_code
def text_slot(known: Any, words: Any, begin: Any, length: Any) -> Any:
    """Return where to begin to look for a text."""
    mixed = np.uint64(length)
    for at in range(begin, begin + ((length + 7) >> 3)):
        mixed = (mixed ^ words[at]) * MIXER
        mixed ^= mixed >> np.uint64(29)
    return np.int64(mixed >> np.uint64(1)) & (len(known.slots) - 1)


@machine_code
def place_texts(known: Any, first: Any, end: Any) -> None:
    """Give the texts `[first, end)` free slots."""
    for number in range(first, end):
        slot = text_slot(known, known.texts, known.begins[number], known.lengths[number])
        while known.slots[slot] != NOWHERE:
            slot = (slot + 1) & (len(known.slots) - 1)
        known.slots[slot] = number


@machine_code
def place_orders(orders: Any, count: Any) -> None:
    """Give the first `count` orders free slots."""
    for number in range(count):
        slot = order_slot(orders, orders.ids[2 * number], orders.ids[2 * number + 1])
        while orders.slots[slot] != NOWHERE:
            slot = (slot + 1) & (len(orders.slots) - 1)
        orders.slots[slot] = number


@machine_code
def order_slot(orders: Any, one: Any, other: Any) -> Any:
    """Return where to begin to look for an order."""
    return np.int64(((one ^ (other * MIXER)) * MIXER) >> np.uint64(20)) & (len(orders.slots) - 1)
