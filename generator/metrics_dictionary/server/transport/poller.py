"""Waiting for many sockets at once; each wait ends with its first event, so that one thread goes on with it."""

from __future__ import annotations

import select
import selectors
import socket
from collections import deque
from contextlib import suppress
from typing import Protocol


class Readiness(Protocol):
    """What is waited for. ``poll`` is called by one thread at a time, everything else by any."""

    def watch(self, file: int, *, output: bool = False) -> None:
        """Wait until the socket has input, or room for output."""

    def poll(self, seconds: float) -> list[int]:
        """Return the sockets that are ready, when there are any or the time is over or somebody rings."""

    def ring(self) -> None:
        """Wake whoever polls; a signal handler may do so."""

    def close(self) -> None:
        """Let go of what belongs to the operating system."""


class Bell:
    """A pair of sockets that wakes whoever waits for one of them."""

    def __init__(self) -> None:
        self._button, self._gong = socket.socketpair()
        self._button.setblocking(False)
        self._gong.setblocking(False)

    def fileno(self) -> int:
        """Return what to wait for."""
        return self._gong.fileno()

    def ring(self) -> None:
        """Make it ready."""
        with suppress(OSError):
            self._button.send(b"\0")

    def hush(self) -> None:
        """Make it ready for the next ring."""
        with suppress(OSError):
            self._gong.recv(4096)

    def close(self) -> None:
        """Close both ends."""
        self._button.close()
        self._gong.close()


class EpollReadiness:
    """Linux. A wait may begin while another thread polls, at the price of one system call."""

    def __init__(self) -> None:
        self._bell = Bell()
        self._epoll = select.epoll()
        self._epoll.register(self._bell.fileno(), select.EPOLLIN)

    def watch(self, file: int, *, output: bool = False) -> None:
        """Wait until the socket has input, or room for output."""
        event = (select.EPOLLOUT if output else select.EPOLLIN) | select.EPOLLONESHOT
        try:
            self._epoll.modify(file, event)
        except FileNotFoundError:
            self._epoll.register(file, event)

    def poll(self, seconds: float) -> list[int]:
        """Return the sockets that are ready."""
        ready = [file for file, _ in self._epoll.poll(seconds)]
        if self._bell.fileno() in ready:
            self._bell.hush()
            ready.remove(self._bell.fileno())
        return ready

    def ring(self) -> None:
        """Wake whoever polls."""
        self._bell.ring()

    def close(self) -> None:
        """Let go of everything."""
        self._epoll.close()
        self._bell.close()


class SelectorReadiness:
    """Everywhere else. A wait begins when the thread that polls has been woken."""

    def __init__(self) -> None:
        self._bell = Bell()
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._bell, selectors.EVENT_READ)
        self._begun: deque[tuple[int, int]] = deque()

    def watch(self, file: int, *, output: bool = False) -> None:
        """Wait until the socket has input, or room for output."""
        self._begun.append((file, selectors.EVENT_WRITE if output else selectors.EVENT_READ))
        self._bell.ring()

    def poll(self, seconds: float) -> list[int]:
        """Return the sockets that are ready."""
        while self._begun:
            self._register(*self._begun.popleft())
        ready = []
        for key, _ in self._selector.select(seconds):
            if key.fileobj is self._bell:
                self._bell.hush()
            else:
                ready.append(key.fd)
                self._selector.unregister(key.fd)
        return ready

    def _register(self, file: int, event: int) -> None:
        with suppress(KeyError):  # a socket that was closed while it waited is still known by its number
            self._selector.unregister(file)
        with suppress(OSError, ValueError):  # closed again before its wait began
            self._selector.register(file, event)

    def ring(self) -> None:
        """Wake whoever polls."""
        self._bell.ring()

    def close(self) -> None:
        """Let go of everything."""
        self._selector.close()
        self._bell.close()


def open_readiness() -> Readiness:
    """Return what this operating system does best."""
    return EpollReadiness() if hasattr(select, "epoll") else SelectorReadiness()
