"""An evidence pack: one order's facts, the promises on it, their clocks and the proof, for a person without our software."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from importlib.resources import files
from typing import Any
from zoneinfo import ZoneInfo

from jinja2 import Environment
from markupsafe import Markup
from pydantic_core import from_json, to_json

from slaengine.audit.check import PublicKey, read_note
from slaengine.audit.proof import Proof
from slaengine.policies.book import PolicyBook
from slaengine.policies.explain_model import Explanation
from slaengine.reporting.explanation import as_plain
from slaengine.storage.personal import masked

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
NOT_SHOWN = "(personal, encrypted)"
"""Stands where a text is that only a key can open: the page cannot know whether the key is still there."""
HIDDEN = ("occurred_at", "by", "channel", "correlation_id", "causation_id")
"""Fields of a fact that have columns of their own, or say nothing to a reader."""
FIXED_DATE = (2000, 1, 1, 0, 0, 0)
"""The date of every file in the archive, so that the same evidence is the same file."""


def evidence_pack(proof: Proof, told: Sequence[Explanation], book: PolicyBook, key: PublicKey, at: datetime) -> bytes:
    """Return a ZIP archive: a page to read, the explanations as data, the proof, the key, and the program that checks it.

    Args:
        proof: as `audit.proof.prove` makes it.
        told: the explanations of the order's clocks, as of `at`.
        book: by what they were judged.
        key: the public key that the proof is checked with.
        at: the instant of judgement.
    """
    parts: Mapping[str, str] = {
        "evidence.html": evidence_page(proof, told, book, at),
        "explanation.json": to_json(told, indent=1).decode() + "\n",
        "proof.json": to_json(proof, indent=1).decode() + "\n",
        "key.pub": f"{key}\n",
        "check.py": (files("slaengine.audit") / "check.py").read_text("utf-8"),
    }
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in parts.items():
            archive.writestr(zipfile.ZipInfo(name, FIXED_DATE), text, zipfile.ZIP_DEFLATED)
    return content.getvalue()


def evidence_page(proof: Proof, told: Sequence[Explanation], book: PolicyBook, at: datetime) -> str:
    """Return the page, in HTML; it asks nothing of the network."""
    zone = ZoneInfo(book.time_zone)
    templates = files("slaengine.reporting") / "templates"
    page = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True).from_string(
        (templates / "evidence.html.j2").read_text("utf-8")
    )
    return page.render(
        style=Markup((templates / "page.css").read_text("utf-8")),  # noqa: S704 - our own file
        number=proof["order"]["number"],
        policy=book.name,
        zone=zone.key,
        at=_local(at, zone),
        facts=[_fact(fact, zone) for fact in proof["facts"]],
        clocks=[_Told(one, as_plain(one), zone) for one in told],
        sealed=read_note(proof["checkpoints"][-1]),
        version=version("slaengine"),
    )


class _Told:
    """A clock as the page tells it: at a glance, and in every detail."""

    def __init__(self, told: Explanation, words: str, zone: ZoneInfo) -> None:
        heading, outcome, *_ = words.splitlines()
        self.name, _, _ = heading.partition(" [")
        self.told, self.outcome, self.words = told, outcome, words
        self.started, self.due, self.stopped = (
            _local(instant, zone) if instant else "–"
            for instant in (told.started_at, told.due_at or told.ran_out_at, told.stopped_at)
        )


def _fact(fact: Mapping[str, Any], zone: ZoneInfo) -> dict[str, Any]:
    shape = from_json(masked(fact["state"].encode(), NOT_SHOWN))
    said = {name: value for name, value in shape.items() if name not in HIDDEN and value not in ({}, [], None)}
    return {
        "version": fact["version"],
        "position": fact["position"],
        "name": fact["topic"].split(".")[1].replace("_", " "),
        "occurred": _local(datetime.fromisoformat(shape["occurred_at"]), zone),
        "recorded": _micros(fact["recorded_at"], zone),
        "by": shape.get("by"),
        "said": "; ".join(f"{name.replace('_', ' ')}: {_words(value)}" for name, value in said.items()),
    }


def _words(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {_words(inner)}" for name, inner in value.items())
    return ", ".join(map(_words, value)) if isinstance(value, list) else str(value)


def _micros(instant: int, zone: ZoneInfo) -> str:
    return _local(EPOCH + timedelta(microseconds=instant), zone)


def _local(instant: datetime, zone: ZoneInfo) -> str:
    return f"{instant.astimezone(zone):%Y-%m-%d %H:%M:%S}"
