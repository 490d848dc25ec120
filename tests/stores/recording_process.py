"""A process that records from many threads until it is killed.

`python -m tests.stores.recording_process URL THREADS FIRST [COUNT]` prints `started N` before each recording and
`acknowledged N` after it.
"""

from __future__ import annotations

import itertools
import os
import sys
import threading

from metrics_dictionary.stores.open_store import open_store
from metrics_dictionary.stores.store import Changes, Recording

COUNTER = "{event_counters}_loaded"
SUM = "{event_sums}_loaded-operator:sum(value)"
SET = "{hll_counters}_loaded-user"


def main(url: str, threads: int, first: int, count: int | None) -> None:
    store = open_store(url)
    numbers = itertools.count(first) if count is None else iter(range(first, first + count))
    lock = threading.Lock()

    def work() -> None:
        while True:
            with lock:
                number = next(numbers, None)
            if number is None:
                return
            os.write(1, f"started {number}\n".encode())
            store.commit(
                [Recording(Changes({COUNTER: 1}, {SUM: 0.5}, {SET: frozenset({str(number)})}, outbox=(str(number),)))]
            )
            os.write(1, f"acknowledged {number}\n".encode())

    workers = [threading.Thread(target=work) for _ in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]) if len(sys.argv) > 4 else None)
