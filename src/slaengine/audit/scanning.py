"""How a stored fact is walked, byte by byte, and what varies from fact to fact is cut out of it. Imported only with Numba.

It knows JSON without blanks, and instants as facts have them; anything else is odd, and left to whoever reads it whole.
"""

from __future__ import annotations

from typing import Any, Final

from slaengine.audit.machine_code import machine_code

# What becomes of a field, by its name: its texts are cut out; it stays; it is the instant; it is a place, of which named parts
# stay; as cut out, but where it stands is noted.
CUT: Final = 0
KEPT: Final = 1
OCCURRED: Final = 2
PLACE: Final = 3
GIVEN: Final = 4

NOWHERE: Final = -1
NEVER: Final = -(1 << 63)

# Bytes, by what they are in JSON.
BLANK: Final = 32
QUOTE: Final = 34
COMMA: Final = 44
MINUS: Final = 45
POINT: Final = 46
ZERO: Final = 48
COLON: Final = 58
LETTER_T: Final = 84
LETTER_Z: Final = 90
OPEN_LIST: Final = 91
BACKSLASH: Final = 92
CLOSE_LIST: Final = 93
OPEN: Final = 123
CLOSE: Final = 125
ESCAPED: Final = (QUOTE, BACKSLASH, 47, 98, 102, 110, 114, 116)
"""What may follow a backslash, but for letters spelt as numbers."""


@machine_code
def numbers(text: Any, found: Any) -> Any:
    """Write the decimals of a text, commas between, and return how many there are; -1 when there are more, or others."""
    if len(text) == 0:
        return 0
    count, number, sign, digits = 0, 0, 1, 0
    for at in range(len(text) + 1):
        byte = COMMA if at == len(text) else text[at]
        if byte == COMMA:
            if digits == 0 or count == len(found):
                return NOWHERE
            found[count] = sign * number
            count += 1
            number, sign, digits = 0, 1, 0
        elif byte == MINUS and digits == 0:
            sign = -1
        elif ZERO <= byte < ZERO + 10:
            number = number * 10 + byte - ZERO
            digits += 1
        else:
            return NOWHERE
    return count


@machine_code
def walk(states: Any, begin: Any, end: Any, fields: Any, found: Any, row: Any, scratch: Any, length: Any) -> Any:
    """Copy what is left of a fact behind the topic in the scratch, and return its length; NOWHERE when it is odd."""
    at = begin
    occurred = False
    if end - begin < 2 or states[at] != OPEN:
        return NOWHERE
    while states[at] != CLOSE:  # at an opening brace or a comma
        first = at + 1
        last = end_of_text(states, first, end)
        if last == NOWHERE or last + 2 >= end or states[last + 1] != COLON:
            return NOWHERE
        part = part_of(states, first + 1, last, fields.names)
        for place in range(at, last + 2):
            scratch[length] = states[place]
            length += 1
        at = last + 2
        if part == OCCURRED:
            last = end_of_text(states, at, end)
            instant = NEVER if last == NOWHERE else instant_in(states, at + 1, last)
            if instant == NEVER:
                return NOWHERE
            found.occurred[row], occurred, at = instant, True, last + 1
        else:
            last, length = value(states, at, end, part, fields, scratch, length)
            if last == NOWHERE:
                return NOWHERE
            if part == GIVEN:
                found.given[row, 0], found.given[row, 1] = at, last
            at = last
        if at >= end or states[at] not in (COMMA, CLOSE):
            return NOWHERE
    scratch[length] = CLOSE
    return length + 1 if occurred and at == end - 1 else NOWHERE


@machine_code
def value(  # noqa: C901, PLR0912 - a call for each byte would cost more than what it does
    states: Any, at: Any, end: Any, part: Any, fields: Any, scratch: Any, length: Any
) -> Any:
    """Copy a value, texts cut out as its part says, and return where it ends and the length then; NOWHERE when it is odd."""
    depth = 0
    kept = part == KEPT
    while at < end:
        byte = states[at]
        if byte == QUOTE:
            last = end_of_text(states, at, end)
            if last == NOWHERE or last + 1 >= end:
                return NOWHERE, length
            name = states[last + 1] == COLON
            if name and part == PLACE and depth == 1:
                kept = part_of(states, at + 1, last, fields.of_place) == KEPT
            if name or kept:
                for place in range(at, last + 1):
                    scratch[length] = states[place]
                    length += 1
            elif plain(states, at + 1, last):
                scratch[length] = scratch[length + 1] = QUOTE
                length += 2
            else:
                return NOWHERE, length
            at = last + 1
        else:
            if depth == 0 and byte in (COMMA, CLOSE):
                break
            if byte in (OPEN, OPEN_LIST):
                depth += 1
            elif byte in (CLOSE, CLOSE_LIST):
                depth -= 1
            elif byte <= BLANK:
                return NOWHERE, length
            scratch[length] = byte
            length += 1
            at += 1
        if depth == 0 and at < end and states[at] in (COMMA, CLOSE):
            break
    return at, length


@machine_code
def end_of_text(states: Any, at: Any, end: Any) -> Any:
    """Return where the closing quote of the text that opens at `at` stands; NOWHERE when none does."""
    if states[at] != QUOTE:
        return NOWHERE
    at += 1
    while at < end and states[at] != QUOTE:
        at += 2 if states[at] == BACKSLASH else 1
    return at if at < end else NOWHERE


@machine_code
def plain(states: Any, at: Any, end: Any) -> Any:
    """Whether every reader of JSON takes this text, if it is UTF-8. One that spells letters as numbers is not plain."""
    while at < end:
        byte = states[at]
        if byte < BLANK:
            return False
        if byte == BACKSLASH:
            at += 1
            if states[at] not in ESCAPED:
                return False
        at += 1
    return True


@machine_code
def part_of(states: Any, first: Any, last: Any, names: Any) -> Any:
    """Return what becomes of the field of this name."""
    for n in range(len(names.parts)):
        begin = names.begins[n]
        if names.begins[n + 1] - begin == last - first:
            at = 0
            while at < last - first and names.letters[begin + at] == states[first + at]:
                at += 1
            if at == last - first:
                return names.parts[n]
    return CUT


@machine_code
def digits(states: Any, at: Any, count: Any) -> Any:
    """Return the number in so many digits; a negative one when they are not."""
    number = 0
    for place in range(at, at + count):
        digit = states[place] - ZERO
        if digit < 0 or digit > 9:
            return NEVER
        number = number * 10 + digit
    return number


@machine_code
def instant_in(states: Any, at: Any, end: Any) -> Any:
    """Return an instant as µs, written `2026-01-05T08:30:00Z`, or with three or six further digits; NEVER for another form."""
    long = end - at
    if long not in (20, 24, 27) or states[end - 1] != LETTER_Z:
        return NEVER
    if (
        states[at + 4] != MINUS
        or states[at + 7] != MINUS
        or states[at + 10] != LETTER_T
        or states[at + 13] != COLON
        or states[at + 16] != COLON
    ):
        return NEVER
    year, month, day = digits(states, at, 4), digits(states, at + 5, 2), digits(states, at + 8, 2)
    hour, minute, second = digits(states, at + 11, 2), digits(states, at + 14, 2), digits(states, at + 17, 2)
    micro = 0
    if long > 20:
        if states[at + 19] != POINT:
            return NEVER
        micro = digits(states, at + 20, long - 21)
        if micro > 0 and long == 24:
            micro *= 1000
    if year < 1 or month < 1 or month > 12 or day < 1 or day > days_in(year, month):
        return NEVER
    if hour < 0 or hour > 23 or minute < 0 or minute > 59 or second < 0 or second > 59 or micro < 0:
        return NEVER
    return (((days_before(year, month) + day - 1) * 24 + hour) * 60 + minute) * 60_000_000 + second * 1_000_000 + micro


@machine_code
def days_in(year: Any, month: Any) -> Any:
    """Return the days of a month."""
    if month == 2:
        return 29 if year % 4 == 0 and (year % 100 != 0 or year % 400 == 0) else 28
    return 30 + ((month + (month >> 3)) & 1)


@machine_code
def days_before(year: Any, month: Any) -> Any:
    """Return the days from the epoch to the first of a month."""
    years = year - 1
    days = years * 365 + years // 4 - years // 100 + years // 400 - 719_162
    for earlier in range(1, month):
        days += days_in(year, earlier)
    return days
