"""Services in the foreground: they run until a signal says stop, and tell now and then how they stand."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Sequence

from slaengine.cli.common import say
from slaengine.errors import SlaEngineError
from slaengine.streaming.service import Service, warn_plainly

REPORT_EVERY_S = 10.0
STOP_TIMEOUT_S = 60.0


def serve(services: Sequence[Service], report: Callable[[], str] | None) -> None:
    """Run services until a signal says stop, telling now and then how they stand; a second signal ends at once.

    Raises:
        SlaEngineError: a service could not go on; the others are stopped.
    """
    warn_plainly()
    stop = threading.Event()
    failures: list[SlaEngineError] = []

    def run(service: Service) -> None:
        try:
            service.run(stop)
        except SlaEngineError as error:
            failures.append(error)
            stop.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    threads = [threading.Thread(target=run, args=(service,), daemon=True) for service in services]
    for thread in threads:
        thread.start()
    while not stop.wait(REPORT_EVERY_S):
        if report is not None:
            say(report())
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)
    for thread in threads:
        thread.join(STOP_TIMEOUT_S)
    if failures:
        raise failures[0]
