"""`slaengine audit export`: the log as columns in files, and two copies of it compared fact by fact."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from slaengine.audit.copies import Compared, compare
from slaengine.audit.history import History
from slaengine.cli.common import AsJson, print_json, say, utc_now
from slaengine.cli.histories import Kafka, Log, MaybeStore, Stream, Topic, folder_for, steps, streamed
from slaengine.cli.reading import catching_up
from slaengine.domain.events import BY_NAME
from slaengine.engine import SlaEngine
from slaengine.errors import UsageError
from slaengine.streaming.topics import FACTS

ROWS_SHOWN = 40


def export(
    out: Annotated[Path, typer.Option("--out", help="The folder of the history; made, or taken further.", metavar="DIR")],
    store: MaybeStore = None,
    kafka: Kafka = None,
    topic: Topic = FACTS,
    log: Log = None,
    as_json: AsJson = False,
) -> None:
    """Write the log as Parquet files, by month; the next time only what is new. Nothing personal is in them.

    Example: `slaengine audit export --store sqlite:///orders.db --out ./history`

    With `--kafka` in place of `--store` the facts are those of a topic. With both, the store is written, and every fact
    compared with the topic's by its hash; exit code 1 when one is missing on either side or differs. An export that is cut
    short goes on where it was. docs/reference/history.md tells the columns.
    """
    stream = Stream.named(kafka, topic, log)
    compared: Compared | None = None
    with catching_up() as told:
        if store is not None:
            with SlaEngine.open(store, clock=utc_now, create=False) as engine:
                history = History(out, create=True)
                added = history.extend(engine.log, progress=steps(told))
        elif stream is not None:
            history, added = streamed(stream, out, steps(told))
        else:
            raise UsageError("what is to be exported? name a --store, a --kafka, or both to compare them")
        if store is not None and stream is not None:
            with folder_for(None) as place:
                compared = compare(history, streamed(stream, place)[0], BY_NAME)
    manifest = history.manifest
    found = compared_as_json(compared)
    if as_json:
        print_json({"added": added, "position": manifest.position, "parts": len(manifest.parts)} | found)
    else:
        say(f"added {added:,} facts; the history in {out} ends at position {manifest.position:,}, in {len(manifest.parts)} files")
        show_compared(compared, "the store", "the topic")
    if compared and compared.unlike:
        raise typer.Exit(1)


def compared_as_json(compared: Compared | None) -> dict[str, Any]:
    """Return what differs as plain JSON values; nothing when nothing was compared."""
    if compared is None:
        return {}
    unlike = [
        {
            "position": fact.position,
            "fact": fact.fact,
            "one": fact.one and fact.one.hex(),
            "other": fact.other and fact.other.hex(),
            "why": fact.why,
        }
        for fact in compared.unlike
    ]
    return {"compared": {"same": compared.same, "only_by_position": compared.by_position, "unlike": unlike}}


def show_compared(compared: Compared | None, one: str, other: str) -> None:
    """Say what differs between the two copies, by these names."""
    if compared is None:
        return
    say(f"{compared.same:,} facts are the same in {one} and in {other}, {len(compared.unlike):,} are not")
    if compared.by_position:
        say(f"{compared.by_position:,} of them were published before hashes were, and are compared by position and kind alone")
    for fact in compared.unlike[:ROWS_SHOWN]:
        typer.echo(f"position {fact.position} ({fact.fact}): {fact.why.replace('the first', one).replace('the second', other)}")
