"""A policy book: all editions of one policy, each with the calendars that hold with it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from importlib import resources
from pathlib import Path
from typing import Any

from slaengine.domain.promises import CalendarPublished, HolidaysPublished, PolicyPublished, Published
from slaengine.errors import CalendarError, PolicyError, UnknownPolicy, nearest
from slaengine.policies.calendar_instants import as_micros
from slaengine.policies.editions import Edition, Layer, editions_of
from slaengine.policies.load import Source, calendar_of, holidays_of, policy_of
from slaengine.policies.policy import Policy
from slaengine.policies.rows import ClockRow


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
        self.editions = editions_of(name, self.layers)
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
