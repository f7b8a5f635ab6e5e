"""One page that is open: takes its orders, and sends it what is new whenever it is ready for more.

A client that is slow, or gone without a word, holds up nobody: what waits for it is the newest state and no queue, the
next picture goes out when the last one has been painted, and a client that answers no heartbeat is closed.
"""

import asyncio
import json
from contextlib import suppress
from queue import Full, Queue

from aiohttp import WSCloseCode, WSMsgType, web

from hardtalk.serial.brackets import is_complete
from hardtalk.web.orders import Enter, Garbage, LetGo, Order, Shown, order_of
from hardtalk.web.published import Published, Seen


class Client:
    """`news` is set when there may be something new."""

    def __init__(self, socket: web.WebSocketResponse, published: Published, orders: "Queue[Order]") -> None:
        self.news = asyncio.Event()
        self.news.set()
        self._socket = socket
        self._published = published
        self._orders = orders
        self._seen = Seen()
        self._painted = 0

    async def serve(self) -> None:
        """Until the client goes."""
        sending = asyncio.create_task(self._send_news())
        sending.add_done_callback(lambda _: asyncio.ensure_future(self._socket.close()))
        try:
            async for message in self._socket:
                if message.type is WSMsgType.TEXT:
                    await self._take(message.data)
                else:
                    await self._refuse("the message is no text")
        finally:
            sending.cancel()
            with suppress(Full):
                self._orders.put_nowait(LetGo())
            with suppress(asyncio.CancelledError, ConnectionError):
                await sending

    async def close(self) -> None:
        await self._socket.close(code=WSCloseCode.GOING_AWAY)

    async def _take(self, text: str) -> None:
        try:
            order = order_of(text)
            if isinstance(order, Shown):
                self._painted = order.number
                self.news.set()
            elif isinstance(order, Enter) and not is_complete(order.text):
                await self._send({"kind": "more", "text": order.text})
            else:
                self._orders.put_nowait(order)
        except Garbage as garbage:
            await self._refuse(str(garbage))
        except Full:
            await self._refuse("the board has too much to do already")

    async def _refuse(self, why: str) -> None:
        await self._send({"kind": "refused", "why": why})

    async def _send(self, message: dict[str, str]) -> None:
        with suppress(ConnectionError):
            await self._socket.send_str(json.dumps(message))

    async def _send_news(self) -> None:
        with suppress(ConnectionError):
            while True:
                await self.news.wait()
                self.news.clear()
                for text in self._published.texts_since(self._seen):
                    await self._socket.send_str(text)
                if self._painted == self._seen.picture:
                    change = self._published.picture_since(self._seen)
                    if change is not None:
                        await self._socket.send_bytes(await asyncio.to_thread(change.encoded))
