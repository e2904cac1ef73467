"""A process to be killed: appends batches of many orders and tells each one that was acknowledged."""

from __future__ import annotations

import sys
from uuid import uuid4

from tests.storage.hammer import open_log

from slaengine.storage.log import NewFact

ORDERS_A_BATCH, FACTS_AN_ORDER = 20, 3


def main() -> None:
    log, run = open_log(sys.argv[1]), sys.argv[2]
    for number in range(100_000):
        state = f"{run}-{number}".encode()
        ids = [uuid4() for _ in range(ORDERS_A_BATCH)]
        log.append(
            [NewFact(one, version, "t", state) for one in ids for version in range(1, FACTS_AN_ORDER + 1)],
            named={f"{run}-{number}-{place}": one for place, one in enumerate(ids)},
        )
        sys.stdout.write(f"{state.decode()}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
