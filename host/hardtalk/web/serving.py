"""Serve the page of a booted board until Control-C."""

import socket
from collections.abc import Callable
from queue import Queue
from typing import Final

from hardtalk.bench import Bench, UnfitRequest
from hardtalk.web.orders import Order
from hardtalk.web.published import Published
from hardtalk.web.running import RunningBoard
from hardtalk.web.server import LOOPBACK, PageServer

MOST_ORDERS: Final = 1_000
"""That may wait for the board."""


def serve_page(bench: Bench, port: int, notify: Callable[[str], None]) -> None:
    """Run the board, and serve its page at the loopback address on that port, 0 for any that is free.

    `notify` hears the address. Returns at Control-C. Raises UnfitRequest when the port is taken.
    """
    published, orders = Published(), Queue[Order](MOST_ORDERS)
    bench.console.notify = lambda text: published.say("notice", text)
    server = PageServer(listening_at(port), published, orders)
    server.start()
    notify(server.address)
    try:
        RunningBoard(bench, published, orders).run()
    except KeyboardInterrupt:
        pass
    finally:
        server.stop()


def listening_at(port: int) -> socket.socket:
    try:
        return socket.create_server((LOOPBACK, port))
    except (OSError, OverflowError) as error:
        raise UnfitRequest(f"--port {port}: {error}", "Give another one; 0 takes any that is free.") from error
