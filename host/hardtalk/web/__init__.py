"""The board in a browser: one page on the loopback address that shows a running board and lets people touch it.

The board runs in the thread that calls `serve_page`, which is where Control-C is heard; the server has a thread of its
own. Between them are two things: `Published`, what there is to see, and a queue of orders, what people want done.
No client can hold up the board or another client: each takes what is newest when it is ready for it.
"""

from hardtalk.web.serving import serve_page

__all__ = ["serve_page"]
