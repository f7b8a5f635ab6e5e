"""Connections between the workers of a ring, each to the one behind it: sockets of this machine, whatever runs them.

The workers meet at a listener of the one who started them: each says where it listens, and learns where the next does.
"""

import socket
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Client, Connection, Listener, answer_challenge, deliver_challenge
from typing import Any, Final, Protocol

from hardtalk.bench import BenchError

HERE: Final = "127.0.0.1"
LOOK_SECONDS: Final = 0.2
Address = tuple[str, int]


class LinkLost(BenchError):
    """A worker has ended before its neighbours; why is its own error."""


class Link(Protocol):
    """To the next worker, and from the one before."""

    def send(self, message: Any) -> None: ...

    def receive(self) -> Any: ...


class OwnLink:
    """Of a worker that has the whole ring."""

    def __init__(self) -> None:
        self._sent: list[Any] = []

    def send(self, message: Any) -> None:
        self._sent.append(message)

    def receive(self) -> Any:
        return self._sent.pop(0)


class SocketLink:
    def __init__(self, to_next: Connection, from_previous: Connection) -> None:
        self._to_next = to_next
        self._from_previous = from_previous

    def send(self, message: Any) -> None:
        try:
            self._to_next.send(message)
        except OSError as error:
            raise LinkLost("the next worker of the ring has ended") from error

    def receive(self) -> Any:
        try:
            return self._from_previous.recv()
        except (EOFError, OSError) as error:
            raise LinkLost("the worker before this one in the ring has ended") from error


@dataclass(frozen=True)
class MeetingPlace:
    address: Address
    key: bytes

    @contextmanager
    def link(self, worker: int, told: int) -> Iterator[tuple[Link, int]]:
        """The worker's link, and the greatest number that one of the workers has told."""
        with Listener((HERE, 0), authkey=self.key) as listener, Client(self.address, authkey=self.key) as host:
            host.send((worker, listener.address, told))
            try:
                next_address, greatest = host.recv()
            except EOFError as error:
                raise LinkLost("another worker of the ring has ended") from error
            with ExitStack() as stack:
                if worker:  # the first one accepts first: else all would wait to be accepted
                    to_next = stack.enter_context(Client(next_address, authkey=self.key))
                from_previous = stack.enter_context(listener.accept())
                if not worker:
                    to_next = stack.enter_context(Client(next_address, authkey=self.key))
                yield SocketLink(to_next, from_previous), greatest


class Meeting:
    """The listener of the one who starts the workers."""

    def __init__(self, key: bytes) -> None:
        self._server = socket.create_server((HERE, 0))
        self._server.settimeout(LOOK_SECONDS)
        self.place = MeetingPlace(self._server.getsockname(), key)

    def close(self) -> None:
        self._server.close()

    def bring_together(self, futures: Sequence[Future[Any]]) -> None:
        """Connect as many workers as there are futures. Raises the error of one that has ended before."""
        came: dict[int, tuple[Connection, Address, int]] = {}
        try:
            while len(came) < len(futures):
                for each in futures:
                    if each.done():
                        each.result()
                connection = self._accept()
                if connection is not None:
                    worker, address, told = connection.recv()
                    came[worker] = connection, address, told
            greatest = max(told for _, _, told in came.values())
            for worker, (connection, _, _) in came.items():
                connection.send((came[(worker + 1) % len(came)][1], greatest))
        finally:
            for connection, _, _ in came.values():
                connection.close()

    def _accept(self) -> Connection | None:
        try:
            accepted, _ = self._server.accept()
        except TimeoutError:
            return None
        accepted.setblocking(True)
        connection = Connection(accepted.detach())
        deliver_challenge(connection, self.place.key)
        answer_challenge(connection, self.place.key)
        return connection
