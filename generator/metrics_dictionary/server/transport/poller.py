"""Waiting for many sockets at once; each wait ends with its first event, so that one thread goes on with it."""

from __future__ import annotations

import select
import selectors
import socket
from collections import deque
from contextlib import suppress
from typing import Protocol


class Poller(Protocol):
    """What is waited for. ``poll`` is called by one thread at a time, everything else by any."""

    def watch(self, descriptor: int, *, output: bool = False) -> None:
        """Wait until the socket has input, or room for output."""

    def poll(self, seconds: float) -> list[int]:
        """Return the sockets that are ready, when there are any or the time is over or somebody calls `wake`."""

    def wake(self) -> None:
        """Make `poll` return; a signal handler may call it."""

    def close(self) -> None:
        """Release what belongs to the operating system."""


class Wakeup:
    """A pair of sockets: writing to one wakes whoever waits for the other."""

    def __init__(self) -> None:
        self._reader, self._writer = socket.socketpair()
        self._reader.setblocking(False)
        self._writer.setblocking(False)

    def fileno(self) -> int:
        """Return what to wait for."""
        return self._reader.fileno()

    def set(self) -> None:
        """Make it ready."""
        with suppress(OSError):
            self._writer.send(b"\0")

    def clear(self) -> None:
        """Make it wait for the next `set`."""
        with suppress(OSError):
            self._reader.recv(4096)

    def close(self) -> None:
        """Close both ends."""
        self._reader.close()
        self._writer.close()


class EpollPoller:
    """Linux. A wait may begin while another thread polls, at the price of one system call."""

    def __init__(self) -> None:
        self._wakeup = Wakeup()
        self._epoll = select.epoll()
        self._epoll.register(self._wakeup.fileno(), select.EPOLLIN)

    def watch(self, descriptor: int, *, output: bool = False) -> None:
        """Wait until the socket has input, or room for output."""
        event = (select.EPOLLOUT if output else select.EPOLLIN) | select.EPOLLONESHOT
        try:
            self._epoll.modify(descriptor, event)
        except FileNotFoundError:
            self._epoll.register(descriptor, event)

    def poll(self, seconds: float) -> list[int]:
        """Return the sockets that are ready."""
        ready = [descriptor for descriptor, _ in self._epoll.poll(seconds)]
        if self._wakeup.fileno() in ready:
            self._wakeup.clear()
            ready.remove(self._wakeup.fileno())
        return ready

    def wake(self) -> None:
        """Make `poll` return."""
        self._wakeup.set()

    def close(self) -> None:
        """Close the epoll object and the wakeup pair."""
        self._epoll.close()
        self._wakeup.close()


class SelectorPoller:
    """Everywhere else. A wait begins when the thread that polls has been woken."""

    def __init__(self) -> None:
        self._wakeup = Wakeup()
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._wakeup, selectors.EVENT_READ)
        self._new: deque[tuple[int, int]] = deque()

    def watch(self, descriptor: int, *, output: bool = False) -> None:
        """Wait until the socket has input, or room for output."""
        self._new.append((descriptor, selectors.EVENT_WRITE if output else selectors.EVENT_READ))
        self._wakeup.set()

    def poll(self, seconds: float) -> list[int]:
        """Return the sockets that are ready."""
        while self._new:
            self._register(*self._new.popleft())
        ready = []
        for key, _ in self._selector.select(seconds):
            if key.fileobj is self._wakeup:
                self._wakeup.clear()
            else:
                ready.append(key.fd)
                self._selector.unregister(key.fd)
        return ready

    def _register(self, descriptor: int, event: int) -> None:
        with suppress(KeyError):  # a socket that was closed while it waited is still known by its number
            self._selector.unregister(descriptor)
        with suppress(OSError, ValueError):  # closed again before its wait began
            self._selector.register(descriptor, event)

    def wake(self) -> None:
        """Make `poll` return."""
        self._wakeup.set()

    def close(self) -> None:
        """Close the selector and the wakeup pair."""
        self._selector.close()
        self._wakeup.close()


def open_poller() -> Poller:
    """Return the best poller that this operating system has."""
    return EpollPoller() if hasattr(select, "epoll") else SelectorPoller()
