"""A publisher or a worker in a process of its own, to be killed. `python stream_process.py publish|project STORE KAFKA TOPIC`.

Its batches are small, so that a kill finds it at all points of its work. It writes a line when it begins.
"""

from __future__ import annotations

import sys
import threading
from datetime import UTC, datetime


def main(what: str, store: str, kafka: str, topic: str) -> None:
    from slaengine.storage.database import Database
    from slaengine.storage.log import FactLog
    from slaengine.streaming import tenure
    from slaengine.streaming.connect import connect

    cluster, stop = connect(kafka), threading.Event()
    database = Database.open(store)
    sys.stdout.write("begins\n")
    sys.stdout.flush()
    if what == "publish":
        from slaengine.streaming.publisher import Publisher

        tenure.PUBLISH_BATCH, tenure.PUBLISH_READ, tenure.PUBLISH_WINDOW, tenure.POSITION_EVERY_S = 50, 70, 3, 0.05
        Publisher(FactLog(database, lambda: datetime.now(UTC)), cluster, "p", topic=topic, lease_s=1.0).run(stop)
    else:
        from slaengine.policies.book import PolicyBook
        from slaengine.streaming import preparing
        from slaengine.streaming.read_model import ReadModelView
        from slaengine.streaming.worker import Worker

        preparing.PREPARE_MIN = 20  # some batches go the one way, some the other
        view = ReadModelView(database, PolicyBook.pack("service-standard"))
        Worker(kafka=cluster, database=database, view=view, topic=topic, batch=100).run(stop)


if __name__ == "__main__":
    main(*sys.argv[1:])
