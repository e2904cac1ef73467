"""A policy book: all editions of one policy, each with the calendars that hold with it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any, Final

from slaengine.domain.promises import CalendarPublished, HolidaysPublished, PolicyPublished, Published, Scope
from slaengine.errors import CalendarError, PolicyError, UnknownPolicy, nearest
from slaengine.policies.calendar import BusinessCalendar
from slaengine.policies.calendar_instants import as_micros
from slaengine.policies.load import Source, calendar_of, holidays_of, policy_of
from slaengine.policies.policy import ALWAYS, CalendarSpec, HolidayEntry, Policy, Version
from slaengine.policies.rows import ClockRow

EVER: Final = -(1 << 60)
"""Before any instant: from when a restated edition holds."""
CHINA: Final = "china"


@dataclass(frozen=True, slots=True)
class Layer:
    """Something published: a version of a policy, a calendar or a holiday list, in force from `effective_from` (µs) on.

    `recorded_at` (µs) is when it was published, None for what stands in a file. `policy` goes with a version.
    """

    content: Version | CalendarSpec | dict[str, HolidayEntry]
    name: str
    effective_from: int
    scope: Scope
    recorded_at: int | None = None
    policy: Policy | None = None


@dataclass(frozen=True, slots=True)
class Edition:
    """What holds from `holds_from` (µs, inclusive) until the next edition: a version's targets, and its calendars.

    `effective_from` (µs) is when the version itself, not only a calendar of it, came into force. With `repins` it takes over
    the clocks that run at `holds_from`.
    """

    holds_from: int
    effective_from: int
    policy: Policy
    version: Version
    calendars: dict[str, BusinessCalendar]
    repins: bool


class PolicyBook:
    """All editions of one policy. Build one with `load`, `pack`, `parse` or `published`."""

    def __init__(self, name: str, layers: Iterable[Layer], text: str | None = None) -> None:
        """Put the editions together from what was published, in the order of publication; `text` is the YAML they stand in.

        Raises:
            PolicyError: no version among it, or a calendar that cannot be used.
        """
        self.name = name
        self.text = text
        self.layers = tuple(layers)
        self.editions = _editions(name, self.layers)
        self.compiled: Any = None
        """The book as the kernel's tables; `compile.compiled` keeps them here."""
        self._known: dict[int, PolicyBook] = {}

    @classmethod
    def load(cls, source: str | Path, name: str | None = None) -> PolicyBook:
        """Return the book of a policy file, or of a shipped pack when `source` is the name of one.

        Raises:
            PolicyError: the file cannot be read or used; the message names line, column and field.
            UnknownPolicy: neither a file nor a pack of this name.
        """
        if isinstance(source, str) and source in packs():
            return cls.pack(source)
        path = Path(source)
        try:
            text = path.read_text(encoding="utf-8")
        except FileNotFoundError:
            raise UnknownPolicy(f"no policy '{source}'{_which(str(source))}; there is no such file either") from None
        except (OSError, UnicodeDecodeError) as error:
            raise PolicyError(
                f"cannot read the policy '{source}': {getattr(error, 'strerror', None) or 'not UTF-8 text'}"
            ) from None
        return cls.parse(text, name or path.name)

    @classmethod
    def pack(cls, name: str) -> PolicyBook:
        """Return the book of a shipped pack.

        Raises:
            UnknownPolicy: there is none of this name.
        """
        return cls.parse(pack_text(name), f"pack {name}")

    @classmethod
    def parse(cls, text: str, name: str = "policy") -> PolicyBook:
        """Return the book of a policy's YAML text; `name` is what errors call it.

        Raises:
            PolicyError: it cannot be used; the message names line, column and field.
        """
        policy = policy_of(text, name)
        try:
            return cls(policy.policy, _layers_of(policy), text)
        except CalendarError as error:
            raise _placed(error, text, name) from None

    @classmethod
    def published(cls, name: str, facts: Iterable[tuple[Published, int]]) -> PolicyBook:
        """Return the book that publications make: each with the µs at which it was recorded, in the log's order.

        Calendars and holiday lists count for every policy that uses one of that name.

        Raises:
            UnknownPolicy: no policy of this name is among them.
            PolicyError: one of them cannot be used.
        """
        return cls(name, [layer for fact, recorded_at in facts if (layer := _layer_of(name, fact, recorded_at))])

    def known_at(self, instant: int | None) -> PolicyBook:
        """Return the book as it was known at `instant` (µs): without what was recorded later. None leaves nothing out."""
        if instant is None or all(layer.recorded_at is None or layer.recorded_at <= instant for layer in self.layers):
            return self
        kept = tuple(layer for layer in self.layers if layer.recorded_at is None or layer.recorded_at <= instant)
        if len(kept) not in self._known:
            self._known[len(kept)] = PolicyBook(self.name, kept) if any(layer.policy for layer in kept) else _Empty(self.name)
        return self._known[len(kept)]

    @property
    def latest(self) -> Edition:
        """The edition that holds last."""
        return self.editions[-1]

    @property
    def policy(self) -> Policy:
        """The policy of the latest edition."""
        return self.latest.policy

    @property
    def time_zone(self) -> str:
        """The zone in which the policy's days begin."""
        return self.policy.time_zone

    def target_names(self) -> tuple[str, ...]:
        """Return the name of every target of any edition, in order of first mention."""
        return tuple(dict.fromkeys(target.name for edition in self.editions for target in edition.version.targets))

    def edition_at(self, instant: int) -> Edition | None:
        """Return the edition by which a clock started at `instant` (µs) is judged; None before the first."""
        found = None
        for edition in self.editions:
            if edition.holds_from > instant:
                break
            found = edition
        return found

    def edition_of(self, row: ClockRow) -> Edition:
        """Return the edition by which a clock of this book was judged.

        Raises:
            UnknownPolicy: it was judged by another book.
        """
        for edition in self.editions:
            if (edition.holds_from, edition.version.version) == (row.holds_from, row.edition):
                return edition
        raise UnknownPolicy(f"policy {self.name} has no version {row.edition} by which this clock was judged")


class _Empty(PolicyBook):
    """The book before anything was published: it promises nothing."""

    def __init__(self, name: str) -> None:
        self.name, self.text, self.layers, self.editions, self.compiled, self._known = name, None, (), (), None, {}


def packs() -> tuple[str, ...]:
    """Return the names of the shipped packs."""
    folder = resources.files("slaengine.policies") / "packs"
    return tuple(sorted(entry.name.removesuffix(".yaml") for entry in folder.iterdir() if entry.name.endswith(".yaml")))


def pack_text(name: str) -> str:
    """Return a shipped pack's YAML.

    Raises:
        UnknownPolicy: there is none of this name.
    """
    if name not in packs():
        raise UnknownPolicy(f"no policy '{name}'{_which(name)}")
    return (resources.files("slaengine.policies") / "packs" / f"{name}.yaml").read_text(encoding="utf-8")


def _which(name: str) -> str:
    return nearest(name, packs()) or f"; shipped are {', '.join(packs())}"


def _layers_of(policy: Policy, recorded_at: int | None = None) -> Iterator[Layer]:
    for version in policy.versions:
        starts = as_micros(policy.instant(version.effective_from))
        yield Layer(version, version.version, starts, version.scope, recorded_at, policy)


def _layer_of(name: str, fact: Published, recorded_at: int) -> Layer | None:
    starts = as_micros(fact.effective_from)
    label = f"{fact.name} {fact.version}"
    match fact:
        case PolicyPublished() if fact.name == name:
            policy = policy_of(fact.text, label)
            named = [version for version in policy.versions if version.version == fact.version]
            version = (named or list(policy.versions))[-1]
            return Layer(version, version.version, starts, fact.scope, recorded_at, policy)
        case CalendarPublished():
            return Layer(calendar_of(fact.text, label), fact.name, starts, fact.scope, recorded_at)
        case HolidaysPublished():
            return Layer(holidays_of(fact.text, label), fact.name, starts, fact.scope, recorded_at)
        case _:
            return None


def _placed(error: CalendarError, text: str, name: str) -> PolicyError:
    """Return the error with the line and column of the calendar it is about."""
    return Source(text, name).error(error.fields[0] if error.fields else (), str(error))


# ---- putting editions together


def _editions(name: str, layers: tuple[Layer, ...]) -> tuple[Edition, ...]:
    versions = _restated([layer for layer in layers if layer.policy])
    if not versions:
        raise UnknownPolicy(f"no policy '{name}' is published; `slaengine policy publish` publishes one")
    published: dict[tuple[bool, str], list[Layer]] = {}
    for layer in layers:
        if not layer.policy:
            published.setdefault((isinstance(layer.content, CalendarSpec), layer.name), []).append(layer)
    around = {key: _restated(same) for key, same in published.items()}
    everything = [*versions, *(layer for same in around.values() for layer in same)]
    repinning = {layer.effective_from for layer in everything if layer.scope == "open_clocks"}
    editions: list[Edition] = []
    for instant in sorted({layer.effective_from for layer in everything} | set(_calendar_changes(everything))):
        holding = _holding(versions, instant)
        if holding is None or holding.policy is None or not isinstance(holding.content, Version):
            continue
        calendars = {
            calendar: _calendar(holding.policy, calendar, instant, around) for calendar in _calendars_used(holding.content)
        }
        before = editions[-1] if editions else None
        if before and before.version == holding.content and before.calendars == calendars and before.policy == holding.policy:
            continue
        starts = (
            as_micros(holding.policy.instant(holding.content.effective_from))
            if holding.effective_from == EVER
            else holding.effective_from
        )
        editions.append(Edition(instant, starts, holding.policy, holding.content, calendars, instant in repinning))
    return tuple(editions)


def _restated(layers: list[Layer]) -> list[Layer]:
    """Return the layers of one thing by effective date; a restated one takes the place of all that went before it."""
    kept: list[Layer] = []
    for layer in sorted(layers, key=lambda layer: layer.effective_from):
        if layer.scope == "restate":
            kept = [Layer(layer.content, layer.name, EVER, layer.scope, layer.recorded_at, layer.policy)]
        else:
            kept = [old for old in kept if old.effective_from != layer.effective_from]
            kept.append(layer)
    return kept


def _holding(layers: list[Layer], instant: int) -> Layer | None:
    return next((layer for layer in reversed(layers) if layer.effective_from <= instant), None)


def _calendar_changes(layers: list[Layer]) -> Iterator[int]:
    """Yield the instants from which a calendar of a policy, or a holiday of it, is another or known."""
    for layer in layers:
        policy = layer.policy
        lists = list(policy.holiday_lists.values()) if policy else []
        specs = list(policy.calendars.values()) if policy else []
        if isinstance(layer.content, CalendarSpec):
            specs.append(layer.content)
        elif isinstance(layer.content, dict):
            lists.append(layer.content)
        in_zone = policy.instant if policy else _aware
        for spec in specs:
            lists.extend(part.holidays for part in spec.parts() if isinstance(part.holidays, dict))
            yield from (as_micros(in_zone(edition.effective_from)) for edition in spec.editions)
        for entries in lists:
            yield from (as_micros(in_zone(entry.known_from)) for entry in entries.values() if entry.known_from)


def _aware(moment: Any) -> Any:
    if moment.tzinfo is None:
        raise PolicyError(f"{moment.isoformat()} needs an offset, such as +08:00, outside a policy")
    return moment


def _calendars_used(version: Version) -> tuple[str, ...]:
    names = {ALWAYS: None}
    for target in version.targets:
        hours = target.applies.hours
        for name in (target.calendar, *((hours.inside, hours.outside) if hours else ())):
            if name:
                names[name] = None
    return tuple(names)


def _calendar(policy: Policy, name: str, instant: int, around: dict[tuple[bool, str], list[Layer]]) -> BusinessCalendar:
    """Return the policy's calendar of this name as it is at `instant`."""
    layer = _holding(around.get((True, name), []), instant)
    spec = layer.content if layer and isinstance(layer.content, CalendarSpec) else policy.calendars.get(name)
    if spec is None or spec.always:
        return BusinessCalendar.always((spec.tz if spec else None) or policy.time_zone)
    fields: dict[str, Any] = {"tz": policy.time_zone}
    parts = [spec, *(e for e in spec.editions if as_micros(policy.instant(e.effective_from)) <= instant)]
    for part in parts:
        fields |= {
            field: getattr(part, field)
            for field in ("tz", "weekly", "holidays", "overrides", "makeup_hours_of", "unknown_years")
            if getattr(part, field) is not None
        }
    try:
        if "holidays" in fields:
            fields["holidays"] = _holidays_at(policy, fields["holidays"], instant, around)
        return BusinessCalendar.model_validate(fields)
    except CalendarError as error:
        places = [("calendars", name, *field) for field in error.fields or ((),)]
        raise CalendarError(str(error), tuple(places)) from None


def _holidays_at(policy: Policy, holidays: Any, instant: int, around: dict[tuple[bool, str], list[Layer]]) -> Any:
    if isinstance(holidays, str):
        layer = _holding(around.get((False, holidays), []), instant)
        if layer is None and holidays == CHINA:
            return CHINA
        entries = layer.content if layer else policy.holiday_lists.get(holidays)
        if not isinstance(entries, dict):
            known = [CHINA, *policy.holiday_lists]
            raise CalendarError(f"there is no holiday list '{holidays}'{nearest(holidays, known)}", (("holidays",),))
    else:
        entries = holidays
    return {
        day: entry.name
        for day, entry in entries.items()
        if entry.known_from is None or as_micros(policy.instant(entry.known_from)) <= instant
    }
