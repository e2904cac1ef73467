"""Facts' fields, those alone that judging looks at: cut out of a column's words, so that few remain. Imported only with Numba."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np

from slaengine.audit.cutter import field_names
from slaengine.audit.history_schema import arrow
from slaengine.audit.machine_code import machine_code
from slaengine.audit.scanning import BACKSLASH, CLOSE, CLOSE_LIST, COLON, COMMA, KEPT, OPEN, OPEN_LIST, QUOTE, part_of

if TYPE_CHECKING:
    import pyarrow as pa


def cut(objects: pa.StringArray, names: Iterable[str]) -> pa.DictionaryArray:
    """Return JSON objects, as `to_json` writes them, with those of their fields alone that are named.

    `objects` has no nulls, and is no slice of a longer array.
    """
    pa, wanted = arrow(), field_names(dict.fromkeys(names, KEPT))
    ends, text = np.frombuffer(objects.buffers()[1], np.int32)[: len(objects) + 1], np.frombuffer(objects.buffers()[2], np.uint8)
    told, told_ends = np.empty(int(ends[-1]) + len(objects), np.uint8), np.zeros(len(objects) + 1, np.int32)
    cut_down(text, ends, wanted, told, told_ends)
    return pa.StringArray.from_buffers(len(objects), pa.py_buffer(told_ends), pa.py_buffer(told)).dictionary_encode()


@machine_code
def cut_down(text: Any, ends: Any, names: Any, told: Any, told_ends: Any) -> None:
    """Write JSON objects anew with those of their fields alone that are named.

    The objects stand in `text` one behind the other, as UTF-8 without white space, object n up to `ends[n + 1]`. A value may hold
    objects in turn: only what closes on the object's own level ends it.
    """
    written = 0
    for n in range(len(ends) - 1):
        at, end, first = ends[n] + 1, ends[n + 1] - 1, written
        told[written] = OPEN
        written += 1
        while at < end:
            colon = past_value(text, at, end)
            behind = past_value(text, colon + 1, end)
            if part_of(text, at + 1, colon - 1, names) == KEPT:  # the quotes are no part of the name
                told[written : written + behind - at] = text[at:behind]
                told[written + behind - at] = COMMA
                written += behind - at + 1
            at = behind + 1
        written -= written > first + 1
        told[written] = CLOSE
        written += 1
        told_ends[n + 1] = written


@machine_code
def past_value(text: Any, at: Any, end: Any) -> Any:
    """Return where the value, or the name, that begins at `at` is over: at its comma or colon, or at `end`."""
    depth, quoted = 0, False
    while at < end:
        sign = text[at]
        if quoted:
            if sign == BACKSLASH:
                at += 1
            elif sign == QUOTE:
                quoted = False
        elif sign == QUOTE:
            quoted = True
        elif sign in (OPEN, OPEN_LIST):
            depth += 1
        elif sign in (CLOSE, CLOSE_LIST):
            depth -= 1
        elif depth == 0 and sign in (COMMA, COLON):
            break
        at += 1
    return at
