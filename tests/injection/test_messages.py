"""Random messages to what the system runs on: the prompt and the clock outlive them, and what does not is told."""

from __future__ import annotations

import pytest

from hardtalk.injection.entries import EntryCampaign
from hardtalk.injection.messages import MessageCampaign
from hardtalk.injection.primitive_calls import Operation
from hardtalk.injection.receivers import ARGUMENTS, CLASSES, OBJECTS
from hardtalk.injection.shared_calls import tasks_for


@pytest.fixture(scope="module")
def campaign() -> EntryCampaign:
    return EntryCampaign("instructions")


@pytest.fixture(scope="module")
def many() -> MessageCampaign:
    return MessageCampaign("instructions")


def test_the_board_outlives_messages(many: MessageCampaign) -> None:
    outcome = many.run(Operation.MESSAGES, 600, 1, lambda _: None)
    assert [fault.text() for fault in outcome.faults] == []
    assert outcome.calls == 600
    assert sum(row.succeeded for row in outcome.table()) > 200
    assert len(outcome.table()) > 70, "nearly every receiver gets one"


def test_a_message_is_told_as_an_entry(many: MessageCampaign) -> None:
    what, counts = many.batch(Operation.MESSAGES, 5, 1, 3)
    assert what == "" and counts.sum() == 3
    entry = many.last_operation(Operation.MESSAGES, 5)
    receiver, _, message = entry.partition(") perform: #")
    assert receiver.removeprefix("(") in (*OBJECTS, *CLASSES)
    selector = message.split()[0]
    assert many.bench.console.evaluate(f"{receiver}) respondsTo: #{selector}") == "true"


def test_the_batch_that_stops_the_clock_is_a_fault(many: MessageCampaign, monkeypatch: pytest.MonkeyPatch) -> None:
    start = many.start
    many.bench.board.restore(start)
    many.bench.console.evaluate("[ (Timer current partAt: 1) timer2Control: 0; timer1Control: 0 ] value. 0")
    monkeypatch.setattr(many, "start", many.bench.board.snapshot())
    what, _ = many.batch(Operation.MESSAGES, 5, 1, 1)
    assert "does not answer" in what


def test_the_board_outlives_entries(campaign: EntryCampaign) -> None:
    outcome = campaign.run(Operation.ENTRIES, 60, 1, lambda _: None)
    assert [fault.text() for fault in outcome.faults] == []
    assert outcome.calls == 60
    assert sum(row.succeeded for row in outcome.table()) > 10


def test_a_seed_gives_the_same_messages(campaign: EntryCampaign) -> None:
    first, second = (campaign.run(Operation.ENTRIES, 5, 3, lambda _: None).table() for _ in range(2))
    assert first == second


def test_private_selectors_and_those_of_the_class_side_are_known(campaign: EntryCampaign) -> None:
    assert {"serveForever", "disable", "printString"} <= set(campaign.selectors("Timer current"))
    assert {"current", "new"} <= set(campaign.selectors("Timer"))


def test_a_message_that_stops_the_clock_is_a_fault(campaign: EntryCampaign) -> None:
    kind, what = campaign.send("(Timer current partAt: 1) timer2Control: 0; timer1Control: 0")
    assert kind == "succeeded"
    assert "the board does not answer" in what


def test_what_is_named_is_there(campaign: EntryCampaign) -> None:
    campaign.bench.console.put_back(campaign.start)
    for name in (*OBJECTS, *CLASSES, *ARGUMENTS):
        assert campaign.bench.console.evaluate(f"({name}) class notNil") == "true", name


def test_seeds_are_those_of_batches() -> None:
    tasks = tasks_for(Operation.ENTRIES, 6_450, 7, "arm926")
    assert [task.seed for task in tasks][:3] == [7, 9, 11]
    assert sum(task.count for task in tasks) == 6_450
