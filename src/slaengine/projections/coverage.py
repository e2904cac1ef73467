"""Which targets are laid on an order at all: those it can be measured by."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, NamedTuple

from slaengine.policies.applies import matches
from slaengine.policies.book import PolicyBook
from slaengine.policies.editions import Edition
from slaengine.policies.limits import Limit
from slaengine.projections.order_view import OrderView

LABEL = "labels."


class Rule(NamedTuple):
    """One rule of a target: the conditions on the order, whether it also asks for certain hours, and its limit."""

    target: str
    conditions: tuple[tuple[str, tuple[Any, ...]], ...]
    by_hour: bool
    limit: Limit


class Coverage:
    """Says which targets of a book cover an order, by the edition in force when it was received.

    A target covers the order when one of its rules fits it, whatever the hour, and sets it a limit: not `none`, and `given`
    only with an order that brought that due time. The first rule that fits decides.
    """

    def __init__(self, book: PolicyBook) -> None:
        self._book = book
        self._rules = {edition.holds_from: _rules(edition) for edition in book.editions}
        self._dimensions = sorted({name for rules in self._rules.values() for rule in rules for name, _ in rule.conditions})
        self._found: dict[tuple[Any, ...], tuple[str, ...]] = {}

    def of(self, view: OrderView) -> tuple[str, ...]:
        """Return the names of the covering targets, in the policy's order."""
        edition = self._book.edition_at(view.received_at)
        if edition is None:
            return ()
        profile = tuple([_value(view, name) for name in self._dimensions])
        key = (edition.holds_from, profile, view.given)
        if key not in self._found:
            dimensions = dict(zip(self._dimensions, profile, strict=True))
            self._found[key] = _covering(self._rules[edition.holds_from], dimensions, view.given)
        return self._found[key]


def _rules(edition: Edition) -> list[Rule]:
    return [
        Rule(target.name, tuple(applies.conditions()), applies.hours is not None, limit)
        for target in edition.version.targets
        for applies, limit in target.limits()
    ]


def _value(view: OrderView, dimension: str) -> object:
    """Return what an order says in a dimension; its party is the one that classification names."""
    if dimension.startswith(LABEL):
        return view.labels.get(dimension.removeprefix(LABEL))
    return view.responsible if dimension == "party" else getattr(view, dimension)


def _covering(rules: list[Rule], dimensions: Mapping[str, object], given: Collection[str]) -> tuple[str, ...]:
    decided: dict[str, bool] = {}
    for rule in rules:
        if rule.target in decided or not all(matches(name, dimensions[name], wanted) for name, wanted in rule.conditions):
            continue
        covers = rule.limit.kind != "none" and (rule.limit.kind != "given" or rule.limit.name in given)
        if covers or not rule.by_hour:
            decided[rule.target] = covers
    return tuple(name for name, covers in decided.items() if covers)
