"""`--record FILE.png`: a film of what the board's panel shows while the command goes on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hardtalk.bench import Bench


@contextmanager
def recording(bench: Bench, path: Path | None) -> Iterator[None]:
    """Make a film of all that the bench's console runs, however that ends. Nothing without a path; BoardError when
    nothing is ever shown."""
    if path is None:
        yield
        return
    from hardtalk.film import Film  # takes longer than a command that needs none should

    film = Film(bench.board)
    before = bench.console.after_slice

    def look() -> None:
        before()
        film.look()

    bench.console.after_slice = look
    try:
        yield
    except BaseException:
        if film.shots:
            film.write(path)
        raise
    finally:
        bench.console.after_slice = before
    film.take()
    film.write(path)
