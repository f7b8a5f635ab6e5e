"""The server of the page: its files, and a web socket for each client. It has a thread of its own.

It listens on the loopback address, and answers only what was asked of that address by its own page: a request whose
Host is another name (somebody's name that was made to lead here), or whose Origin is another page, is refused.
"""

import asyncio
import socket
from collections.abc import Awaitable, Callable
from queue import Queue
from threading import Event, Thread
from typing import Final

from aiohttp import web

from hardtalk.build.sources import text_root
from hardtalk.web.client import Client
from hardtalk.web.orders import LONGEST_ENTRY, Order
from hardtalk.web.published import Published

LOOPBACK: Final = "127.0.0.1"
NAMES: Final = (LOOPBACK, "localhost")
PAGE: Final = {
    "": ("page.html", "text/html"),
    "page.css": ("page.css", "text/css"),
    "page.js": ("page.js", "text/javascript"),
}
HEARTBEAT_SECONDS: Final = 10.0
LONGEST_MESSAGE: Final = 6 * LONGEST_ENTRY + 1024
"""A character takes six in JSON at most."""
END_SECONDS: Final = 0.6
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class PageServer:
    """Serves on a bound socket from `start` to `stop`."""

    def __init__(self, listening: socket.socket, published: Published, orders: "Queue[Order]") -> None:
        self.port: int = listening.getsockname()[1]
        self._listening = listening
        self._published = published
        self._orders = orders
        self._clients: set[Client] = set()
        self._is_serving = Event()
        self._thread = Thread(target=lambda: asyncio.run(self._serve()), name="page", daemon=True)

    @property
    def address(self) -> str:
        return f"http://{LOOPBACK}:{self.port}/"

    @property
    def is_alive(self) -> bool:
        return self._thread.is_alive()

    def start(self) -> None:
        self._thread.start()
        self._is_serving.wait()

    def stop(self) -> None:
        """Close all clients; give up after a while."""
        self._loop.call_soon_threadsafe(self._end.set)
        self._thread.join(2 * END_SECONDS)

    # In the server's thread

    async def _serve(self) -> None:
        self._loop, self._end = asyncio.get_running_loop(), asyncio.Event()
        self._published.on_change(self._tell_clients)
        application = web.Application(middlewares=[self._only_own])
        application.router.add_get("/live", self._live)
        for name in PAGE:
            application.router.add_get(f"/{name}", self._file)
        runner = web.AppRunner(application, access_log=None, shutdown_timeout=END_SECONDS)
        await runner.setup()
        await web.SockSite(runner, self._listening).start()
        self._is_serving.set()
        await self._end.wait()
        self._published.on_change(lambda: None)
        await asyncio.gather(*(each.close() for each in self._clients), return_exceptions=True)
        await runner.cleanup()

    def _tell_clients(self) -> None:
        """From the board's thread."""
        self._loop.call_soon_threadsafe(self._set_news)

    def _set_news(self) -> None:
        for each in self._clients:
            each.news.set()

    @web.middleware
    async def _only_own(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        own = [f"{name}:{self.port}" for name in NAMES]
        origin = request.headers.get("Origin")
        if request.host not in own:
            raise web.HTTPForbidden(text=f"this is {self.address}, and no {request.host}\n")
        if origin is not None and origin not in [f"http://{name}" for name in own]:
            raise web.HTTPForbidden(text=f"only the page of {self.address} may ask\n")
        return await handler(request)

    async def _file(self, request: web.Request) -> web.Response:
        name, kind = PAGE[request.path.removeprefix("/")]
        text = (text_root() / "host" / "page" / name).read_text(encoding="utf-8")
        return web.Response(text=text, content_type=kind, headers=HEADERS)

    async def _live(self, request: web.Request) -> web.WebSocketResponse:
        live = web.WebSocketResponse(
            timeout=END_SECONDS / 2, heartbeat=HEARTBEAT_SECONDS, max_msg_size=LONGEST_MESSAGE, compress=False
        )
        await live.prepare(request)
        client = Client(live, self._published, self._orders)
        self._clients.add(client)
        self._published.viewers += 1
        try:
            await client.serve()
        finally:
            self._clients.discard(client)
            self._published.viewers -= 1
        return live


HEADERS: Final = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
