from __future__ import annotations

import gc
import threading

from slaengine.garbage import THRESHOLD, searched_seldom


def test_python_searches_seldom_until_the_last_block_that_asks_for_it_ends() -> None:
    before = gc.get_threshold()
    inside, leave = threading.Event(), threading.Event()

    def other() -> None:
        with searched_seldom():
            inside.set()
            leave.wait(10)

    thread = threading.Thread(target=other)
    with searched_seldom():
        thread.start()
        assert inside.wait(10)
    assert gc.get_threshold()[0] == THRESHOLD
    leave.set()
    thread.join()
    assert gc.get_threshold() == before
