"""The trace: digest, listeners, not keeping."""

from board_guests import HALT, ticking
from test_board import COUNT_TO_THREE

from hardtalk.board import Board, Event, LineRaised, Trace


def test_the_digest_depends_on_every_event_and_on_nothing_else() -> None:
    first, second = Trace(), Trace()
    first.add(LineRaised(1, 2))
    second.add(LineRaised(1, 2))
    assert first.digest() == second.digest()
    second.add(LineRaised(2, 2))
    assert first.digest() != second.digest()
    first.add(LineRaised(2, 3))
    assert first.digest() != second.digest()


def test_the_same_input_gives_the_same_trace() -> None:
    boards = [Board(ticking(COUNT_TO_THREE + HALT)) for _ in range(2)]
    for board in boards:
        board.run()
    assert boards[0].trace.digest() == boards[1].trace.digest()
    other = Board(ticking(COUNT_TO_THREE + HALT, microseconds=101))
    other.run()
    assert other.trace.digest() != boards[0].trace.digest()


def test_events_that_are_not_kept_are_heard_and_counted() -> None:
    kept, quiet = Board(ticking(COUNT_TO_THREE + HALT)), Board(ticking(COUNT_TO_THREE + HALT))
    heard: list[Event] = []
    quiet.trace.is_kept = False
    quiet.trace.listen(heard.append)
    kept.run()
    quiet.run()
    assert (len(quiet.trace), quiet.trace.count) == (0, len(heard))
    assert heard == kept.trace.events
    assert quiet.trace.digest() == kept.trace.digest()
    assert quiet.trace.lines == kept.trace.lines
