"""The server without a board: who may ask, several clients, slow ones, those that go, messages that are garbage."""

from __future__ import annotations

import asyncio
import json
import random
import socket
import time
from collections.abc import Awaitable, Callable, Iterator
from queue import Queue
from typing import Any

import aiohttp
import pytest

from hardtalk.bench import UnfitRequest
from hardtalk.board.panel import Panel
from hardtalk.devices.pl110 import Format, Shown
from hardtalk.web.orders import Enter, Order
from hardtalk.web.published import LINES_KEPT, Published
from hardtalk.web.server import PageServer
from hardtalk.web.serving import listening_at

PATIENCE_SECONDS = 20
LARGE = 1024, 1024
"""More than the line between two sockets holds."""


class Served:
    def __init__(self, most_orders: int = 100) -> None:
        self.published, self.orders = Published(), Queue[Order](most_orders)
        self.server = PageServer(listening_at(0), self.published, self.orders)
        self.server.start()

    def run(self, talk: Callable[[aiohttp.ClientSession], Awaitable[None]]) -> None:
        async def session() -> None:
            async with aiohttp.ClientSession(self.server.address) as own:
                await asyncio.wait_for(talk(own), PATIENCE_SECONDS)

        asyncio.run(session())

    def wait_for(self, is_so: Callable[[], bool]) -> None:
        end = time.monotonic() + PATIENCE_SECONDS
        while not is_so():
            assert time.monotonic() < end
            time.sleep(0.01)


@pytest.fixture
def served() -> Iterator[Served]:
    own = Served()
    yield own
    own.server.stop()
    own.wait_for(lambda: not own.server.is_alive)


def noise(turn: int, size: tuple[int, int] = (160, 100)) -> Panel:
    """A picture that cannot be compressed, another one each turn."""
    width, height = size
    memory = random.Random(turn).randbytes(4 * width * height)
    return Panel(Shown(0, width, height, Format(24, True, True, True), ()), memory, 1)


def upgrade_of(served: Served) -> bytes:
    """What a client sends first."""
    return (
        f"GET /live HTTP/1.1\r\nHost: 127.0.0.1:{served.server.port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
    ).encode()


async def next_of(live: aiohttp.ClientWebSocketResponse, kind: str) -> dict[str, Any]:
    while True:
        message = await live.receive()
        assert message.type is not aiohttp.WSMsgType.CLOSED
        if message.type is aiohttp.WSMsgType.TEXT and json.loads(message.data)["kind"] == kind:
            found: dict[str, Any] = json.loads(message.data)
            return found


REFUSED = [
    ({"Host": "evil.example"}, "and no evil.example"),
    ({"Host": "127.0.0.1"}, "and no 127.0.0.1"),
    ({"Origin": "http://evil.example"}, "only the page of"),
    ({"Origin": "null"}, "only the page of"),
    ({"Origin": "https://localhost"}, "only the page of"),
]


def test_only_its_own_page_may_ask(served: Served) -> None:
    port = served.server.port

    async def talk(session: aiohttp.ClientSession) -> None:
        for path in ("/", "/live"):
            for headers, why in REFUSED:
                async with session.get(path, headers=headers) as answer:
                    assert (answer.status, why in await answer.text()) == (403, True)
        for name in ("127.0.0.1", "localhost"):
            own = {"Host": f"{name}:{port}", "Origin": f"http://{name}:{port}"}
            async with session.get("/", headers=own) as answer:
                assert answer.status == 200
                assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
            async with session.ws_connect("/live", headers=own) as live:
                assert not live.closed
        async with session.get("/../server.py") as answer:
            assert answer.status == 404

    served.run(talk)


def test_it_listens_on_the_loopback_address_only(served: Served) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect(("192.0.2.1", 9))
        other = probe.getsockname()[0]
    if other.startswith("127."):
        pytest.skip("this machine has no other address")
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((other, served.server.port), 2)


def test_garbage_gets_one_message_and_nothing_else_happens(served: Served) -> None:
    async def talk(session: aiohttp.ClientSession) -> None:
        async with session.ws_connect("/live") as live:
            for garbage in ("nonsense", '{"kind": "reboot"}'):
                await live.send_str(garbage)
                assert "why" in await next_of(live, "refused")
            await live.send_bytes(b"\0\xff")
            assert (await next_of(live, "refused"))["why"] == "the message is no text"
            await live.send_json({"kind": "enter", "text": "(3 + 4"})
            assert (await next_of(live, "more"))["text"] == "(3 + 4"
            await live.send_json({"kind": "enter", "text": "3 + 4"})
            served.wait_for(lambda: not served.orders.empty())
            assert (served.orders.get(), served.orders.empty()) == (Enter("3 + 4"), True)

    served.run(talk)


def test_a_message_that_is_too_long_ends_that_client_only(served: Served) -> None:
    async def talk(session: aiohttp.ClientSession) -> None:
        async with session.ws_connect("/live") as other, session.ws_connect("/live") as live:
            await live.send_str("x" * (1 << 20))
            while (await live.receive()).type is not aiohttp.WSMsgType.CLOSE:
                pass
            served.published.put("status", {"mode": "running"})
            assert (await next_of(other, "status"))["mode"] == "running"

    served.run(talk)


def test_orders_that_the_board_cannot_take_are_refused() -> None:
    served = Served(most_orders=2)

    async def talk(session: aiohttp.ClientSession) -> None:
        async with session.ws_connect("/live") as live:
            for _ in range(3):
                await live.send_json({"kind": "pause"})
            assert "too much to do" in (await next_of(live, "refused"))["why"]

    served.run(talk)
    served.server.stop()


def test_a_slow_client_gets_the_newest_and_costs_nothing(served: Served) -> None:
    """It paints no picture and takes no message: one picture is under way, and later ones are not kept for it."""
    published = served.published

    async def talk(session: aiohttp.ClientSession) -> None:
        async with (
            session.ws_connect("/live", max_msg_size=0) as slow,
            session.ws_connect("/live", max_msg_size=0) as quick,
        ):
            published.show(noise(0))
            pictures, last = 0, 0
            while last < 6:
                message = await quick.receive()
                if message.type is aiohttp.WSMsgType.BINARY:
                    pictures += 1
                    last = int.from_bytes(message.data[:4], "little")
                    await quick.send_json({"kind": "shown", "number": last})
                    published.show(noise(last))
            assert pictures == 6
            numbers = []
            while not numbers or numbers[-1] < last:
                message = await slow.receive()
                if message.type is aiohttp.WSMsgType.BINARY:
                    numbers.append(int.from_bytes(message.data[:4], "little"))
                    await slow.send_json({"kind": "shown", "number": numbers[-1]})
            assert len(numbers) == 2

    served.run(talk)


def test_lines_that_a_client_has_missed_are_counted(served: Served) -> None:
    for number in range(LINES_KEPT + 5):
        served.published.say("text", f"{number}\n")

    async def talk(session: aiohttp.ClientSession) -> None:
        async with session.ws_connect("/live") as live:
            console = await next_of(live, "console")
            assert (console["lost"], len(console["lines"]), console["lines"][0]["text"]) == (5, LINES_KEPT, "5\n")
            served.published.say("result", "7")
            assert (await next_of(live, "console"))["lines"] == [{"what": "result", "text": "7"}]

    served.run(talk)


def test_a_client_that_is_gone_at_any_moment_is_forgotten(served: Served) -> None:
    upgrade = upgrade_of(served)
    half_a_frame = b"\x81\xfe\x10"
    for count in (1, 20, len(upgrade) - 1, len(upgrade), len(upgrade) + 2):
        with socket.create_connection(("127.0.0.1", served.server.port)) as line:
            line.sendall((upgrade + half_a_frame)[:count])
            if count >= len(upgrade):
                assert line.recv(12) == b"HTTP/1.1 101"
                served.published.show(noise(count, LARGE))
    served.wait_for(lambda: served.published.viewers == 0)

    async def talk(session: aiohttp.ClientSession) -> None:
        async with session.ws_connect("/live") as live:
            served.published.put("status", {"mode": "running"})
            await next_of(live, "status")

    served.run(talk)


def test_it_stops_with_clients_that_answer_nothing() -> None:
    served = Served()
    upgrade = upgrade_of(served)
    lines = [socket.create_connection(("127.0.0.1", served.server.port)) for _ in range(3)]
    for line in lines:
        line.sendall(upgrade)
    served.wait_for(lambda: served.published.viewers == 3)
    served.published.show(noise(1, LARGE))
    served.server.stop()
    served.wait_for(lambda: not served.server.is_alive)
    for line in lines:
        line.close()


def test_a_port_that_is_taken_is_one_message(served: Served) -> None:
    for port in (served.server.port, 70_000):
        with pytest.raises(UnfitRequest, match=rf"(?s)--port {port}: .*\nGive another one; 0 takes any that is free\."):
            listening_at(port)
