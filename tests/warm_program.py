"""A process that has imported the whole program and runs each command that it is asked for in a copy of itself.

A copy is a process like any other: its own environment, working directory and streams, and it ends as a command ends.
Only the third of a second in which Python starts and imports is spent once, not for every command.
"""

from __future__ import annotations

import importlib
import json
import os
import pkgutil
import signal
import sys
from typing import NoReturn, TypedDict

import metrics_dictionary
from metrics_dictionary.cli.main import main


class Request(TypedDict):
    """What to run: ``streams`` are the files of standard input, output and error."""

    arguments: list[str]
    folder: str
    environment: dict[str, str]
    streams: list[str]
    seconds: int


def serve() -> None:
    """Run what each line of standard input asks for, and write the exit status of each to standard output."""
    for module in pkgutil.walk_packages(metrics_dictionary.__path__, "metrics_dictionary."):
        importlib.import_module(module.name)
    for line in sys.stdin:
        child = os.fork()
        if not child:
            _run(json.loads(line))
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


def _run(request: Request) -> NoReturn:
    signal.alarm(request["seconds"])
    for number, path in enumerate(request["streams"]):
        opened = os.open(path, os.O_RDWR)
        os.dup2(opened, number)
        os.close(opened)
    os.environ.clear()
    os.environ.update(request["environment"])
    os.chdir(request["folder"])
    sys.argv = ["metrics-dictionary", *request["arguments"]]
    sys.path[0] = request["folder"]
    main()


if __name__ == "__main__":
    serve()
