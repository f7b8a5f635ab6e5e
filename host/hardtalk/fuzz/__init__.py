"""Wrong input for everything that reads input: shipped examples changed at random, and what becomes of each.

    tally = run_campaign(kinds()["tonel"], count=10_000, seed=1, judge=message_or_none)
    tally.counts[Outcome.TRACEBACK], tally.failures

A kind of input is a name, examples and a function that reads one; `kinds` has the table. An input is made from the
campaign's seed, the kind and its number alone, so each can be made again.
"""

from hardtalk.fuzz.campaign import Failure, Outcome, Tally, run_campaign, try_input
from hardtalk.fuzz.kind import Kind
from hardtalk.fuzz.kinds import kinds

__all__ = ["Failure", "Kind", "Outcome", "Tally", "kinds", "run_campaign", "try_input"]
