"""become: and becomeForward: in a small memory: what they change, what they refuse, how long they take."""

from __future__ import annotations

from pathlib import Path

import pytest

from hardtalk.vm import object_format
from hardtalk.vm.codes import BECOME_PROBLEMS
from hardtalk.vm.constants import VM_CONSTANTS, slang_constants
from hardtalk.vm.special_objects import SPECIAL_OBJECT_COUNT

from .small_memory import Failed, Interrupted, SmallMemory

FORWARD, EXCHANGE, PROBLEM = 72, 128, 690
CLASS_SLOTS = object_format.SLOTS["Class"]
FORWARDS, EXCHANGES = VM_CONSTANTS["ForwardsAtOnce"], VM_CONSTANTS["ExchangesAtOnce"]
CLASS_OFFSET, HASH_OFFSET = 8, 18


@pytest.fixture
def world(memory: SmallMemory) -> SmallMemory:
    """With what the checks look at: superclasses, metaclasses, a scheduler, special objects, the hidden class."""
    nils = [memory.nil] * len(CLASS_SLOTS)
    metaclass_class = memory.make("FormatFixed", 0, nils)
    metaclass = memory.make("FormatFixed", metaclass_class, nils)
    list_class = memory.make("FormatFixed", metaclass, nils)
    symbol_class = memory.make("FormatFixed", metaclass, nils)
    memory.memory.word_at_put(metaclass_class + CLASS_OFFSET, metaclass)
    for oop in memory.classes.values():
        memory.memory.word_at_put(oop + CLASS_OFFSET, metaclass)
        memory.memory.word_at_put(object_format.slot_offset(0) + oop, memory.nil)
    ready_list = memory.make("FormatFixed", list_class, [memory.nil] * 2)
    scheduler = memory.make("FormatFixed", symbol_class, [memory.array([ready_list] * 80), memory.nil])
    memory.state["classMetaclass"] = metaclass_class
    memory.state["classForwarder"] = memory.make("FormatFixed", metaclass_class, nils)
    memory.state["selectorDoesNotUnderstand"] = memory.make("FormatBytes", symbol_class, b"doesNotUnderstand:")
    memory.state["scheduler"] = scheduler
    memory.state["specialObjectsArray"] = memory.array([memory.nil] * SPECIAL_OBJECT_COUNT)
    memory.state["isForwarding"] = 0
    return memory


def become(memory: SmallMemory, number: int, pairs: list[tuple[int, int]]) -> int | Failed | Interrupted:
    return memory.run(number, memory.array([a for a, _ in pairs]), memory.array([b for _, b in pairs]))


def is_forwarder(memory: SmallMemory, oop: int) -> bool:
    return memory.memory.word_at(oop + CLASS_OFFSET) == memory.state["classForwarder"]


def followed(memory: SmallMemory, oop: int) -> int:
    while is_forwarder(memory, oop):
        oop = memory.memory.word_at(oop + object_format.BODY_OFFSET)
    return oop


def test_blocks_of_one_order_exchange_their_contents(world: SmallMemory) -> None:
    one, another = world.array([world.integer(1), world.nil, world.true]), world.string(b"abc")
    assert isinstance(become(world, EXCHANGE, [(one, another)]), int)
    assert world.value(one) == b"abc"
    assert world.value(another) == [world.integer(1), world.nil, world.true]
    assert world.state["isForwarding"] == 0


def test_other_contents_get_new_blocks(world: SmallMemory) -> None:
    one, another = world.array([world.integer(each) for each in range(20)]), world.string(b"abc")
    world.memory.word_at_put(one + 16, world.memory.word_at(one + 16) | 7 << 16)
    assert isinstance(become(world, EXCHANGE, [(one, another)]), int)
    assert is_forwarder(world, one) and is_forwarder(world, another)
    assert world.value(followed(world, one)) == b"abc"
    assert world.value(followed(world, another)) == [world.integer(each) for each in range(20)]
    assert world.memory.half_at(followed(world, one) + HASH_OFFSET) == 7
    assert world.memory.half_at(followed(world, another) + HASH_OFFSET) == 0
    assert world.state["isForwarding"] == 1


def test_one_way_the_object_itself_becomes_a_forwarder(world: SmallMemory) -> None:
    large, small = world.array([world.true] * 2000), world.string(b"x")
    assert isinstance(become(world, FORWARD, [(large, small)]), int)
    assert is_forwarder(world, large)
    assert followed(world, large) == small


def test_what_is_refused_is_left_as_it_is(world: SmallMemory) -> None:
    i = world.integer
    one, another = world.array([i(1)]), world.array([i(2)])
    large = world.array([i(3)] * 200)
    refused = [
        (EXCHANGE, [(i(3), one)]), (EXCHANGE, [(one, i(3))]), (FORWARD, [(one, i(3))]), (EXCHANGE, [(large, one)]),
        (EXCHANGE, [(world.nil, one)]), (FORWARD, [(one, another), (one, large)]),
        (FORWARD, [(one, another), (another, large)]), (EXCHANGE, [(one, another), (large, one)]),
        (FORWARD, [(world.array([i(each)]), one) for each in range(FORWARDS + 1)]),
        (EXCHANGE, [(world.array([i(each)]), world.array([i(each)])) for each in range(EXCHANGES + 1)]),
        (EXCHANGE, [(of_size(world, each), of_size(world, each * 2)) for each in (20, 21)]),
        (FORWARD, [(world.characters[65], one)]), (FORWARD, [(world.words([1]), one)]),
        (FORWARD, [(one, another), (world.state["selectorDoesNotUnderstand"], large)]),
    ]  # fmt: skip
    known = [world.nil, world.true, world.false]
    world.state["specialObjectsArray"] = world.array(known + [world.nil] * (SPECIAL_OBJECT_COUNT - len(known)))
    for number, pairs in refused:
        assert isinstance(become(world, number, pairs), Failed), (number, pairs)
    assert isinstance(world.run(FORWARD, world.array([one]), world.array([])), Failed)
    assert isinstance(world.run(FORWARD, one, i(3)), Failed)
    assert [world.value(each) for each in (one, another)] == [[i(1)], [i(2)]]
    assert world.state["forwardersMade"] == 0


def test_equal_partners_change_nothing(world: SmallMemory) -> None:
    one, i = world.array([world.true] * 500), world.integer(-5)
    for number in (FORWARD, EXCHANGE):
        assert isinstance(become(world, number, [(one, one), (i, i)]), int)
    assert world.value(one) == [world.true] * 500


def test_problems_have_their_numbers(world: SmallMemory) -> None:
    one = world.array([world.nil])
    method = world.make("FormatMethod", world.classes["CompiledMethod"], (1).to_bytes(4, "little"))
    expected = {
        world.integer(3): "BecomeInteger", world.characters[65]: "BecomeUnique", world.words([1]): "BecomeNative",
        world.nil: "BecomeSpecial", method: "BecomeExecuted", world.array([world.nil, method]): "BecomeMethods",
        world.state["selectorDoesNotUnderstand"]: "BecomeUnique", world.classes["Point"]: "BecomeShape",
        world.make("FormatWords", world.classes["Float"], bytes(8)): "BecomeUnique",
        world.make("FormatBytes", world.classes["LargePositiveInteger"], bytes(5)): "BecomeUnique",
        world.make("FormatBytes", world.classes["LargeNegativeInteger"], bytes(5)): "BecomeUnique",
    }  # fmt: skip
    for oop, name in expected.items():
        assert world.run(PROBLEM, oop, one) == world.integer(BECOME_PROBLEMS[name]), name
    assert world.run(PROBLEM, one, world.nil) == world.integer(0)


def test_what_the_firmware_relies_on_is_replaced_by_nothing(world: SmallMemory) -> None:
    """Two classes that look alike, the one in the image, the other not."""
    mine, metaclass = world.classes["Point"], world.memory.word_at(world.classes["Point"] + CLASS_OFFSET)
    format_offset = object_format.slot_offset(CLASS_SLOTS.index("InstanceFormat"))
    other = world.make("FormatFixed", metaclass, [world.nil] * len(CLASS_SLOTS))
    world.memory.word_at_put(other + format_offset, world.memory.word_at(mine + format_offset))
    assert world.run(PROBLEM, mine, other) == world.integer(0)
    world.state["imageEnd"] = mine + 1
    assert world.run(PROBLEM, mine, other) == world.integer(BECOME_PROBLEMS["BecomeRelied"])
    assert world.run(PROBLEM, other, mine) == world.integer(0)
    assert isinstance(become(world, FORWARD, [(mine, other)]), Failed)
    assert isinstance(become(world, EXCHANGE, [(other, mine)]), Failed)
    assert isinstance(become(world, FORWARD, [(other, mine)]), int)


def test_an_interrupt_comes_before_the_first_change(world: SmallMemory) -> None:
    one, another = world.array([world.true]), world.string(b"abc")
    world.simulation.interrupt_pending = True
    assert isinstance(become(world, EXCHANGE, [(one, another)]), Interrupted)
    assert world.value(one) == [world.true]


def chain_to(world: SmallMemory, target: int, length: int = 30) -> int:
    """The first of as many forwarders."""
    for _ in range(length):
        target = world.make("FormatFixedAndIndexable", world.state["classForwarder"], [target, world.nil, world.nil])
    return target


def test_chains_are_followed_in_parts(world: SmallMemory) -> None:
    """While interrupts wait all the time, too, it takes fewer attempts than there are forwarders."""
    point, pairs = world.classes["Point"], world.array([world.nil])
    place = pairs + object_format.BODY_OFFSET
    object_of_it = world.make("FormatFixed", chain_to(world, point), [world.nil] * 2)
    head = chain_to(world, object_of_it)
    world.state["isForwarding"] = 1
    world.simulation.interrupt_pending = True
    attempts = 1
    while not world.simulation.call("note:at:", head, place):
        assert world.memory.word_at(object_of_it + CLASS_OFFSET) != point
        attempts += 1
    assert 4 < attempts < 30
    assert world.memory.word_at(place) == object_of_it
    assert world.memory.word_at(object_of_it + CLASS_OFFSET) == point


def test_weak_slots_are_settled_one_by_one(world: SmallMemory) -> None:
    marking, white = slang_constants()["PhaseMarking"], world.state["whiteColour"]
    slots = [world.array([world.nil]) for _ in range(5)]
    for each in slots:
        link(world, each, white)
    weak = world.make("FormatWeak", world.classes["Array"], [*slots, world.integer(1)])
    world.state["collectorPhase"] = marking
    grey_ring = world.simulation.state_address("greyRing")
    assert grey_ring is not None
    world.state["greyRing"] = world.state["greyRingPrevious"] = grey_ring
    world.simulation.interrupt_pending = True
    assert not world.simulation.call("settleWeakSlotsOf:", weak)
    assert [colour(world, each) == white for each in slots] == [False, True, True, True, True]
    world.simulation.interrupt_pending = False
    assert world.simulation.call("settleWeakSlotsOf:", weak)
    assert not any(colour(world, each) == white for each in slots)


def test_what_nobody_has_marked_is_gone_from_weak_slots(world: SmallMemory) -> None:
    white, black = world.state["whiteColour"], world.state["blackColour"]
    gone, kept = world.array([world.nil]), world.array([world.nil])
    link(world, gone, white)
    link(world, kept, black)
    weak = world.make("FormatWeak", world.classes["Array"], [gone, kept])
    world.state["collectorPhase"] = slang_constants()["PhaseWeak"]
    assert world.simulation.call("settleWeakSlotsOf:", weak)
    assert world.body(weak) == b"".join(each.to_bytes(4, "little") for each in (world.nil, kept))


def colour(world: SmallMemory, oop: int) -> int:
    return world.memory.byte_at(oop + 17) >> object_format.COLOUR_SHIFT


def link(world: SmallMemory, oop: int, its_colour: int) -> None:
    """Give it a colour and a ring of its own."""
    order = world.memory.byte_at(oop + 17) & object_format.ORDER_MASK
    world.memory.byte_at_put(oop + 17, order | its_colour << object_format.COLOUR_SHIFT)
    world.memory.word_at_put(oop, oop)
    world.memory.word_at_put(oop + 4, oop)


def test_a_request_of_the_collector_does_not_begin_it_anew(world: SmallMemory) -> None:
    """Each allocation may make one, and is a step of its own: what has been made stays for the next time."""
    one, another = world.array([world.integer(each) for each in range(20)]), world.string(b"abc")
    world.state["nextPayment"] = world.state["bytesAllocated"] + 1
    assert isinstance(become(world, EXCHANGE, [(one, another)]), Interrupted)
    assert world.simulation.interrupt_pending and not is_forwarder(world, one)
    world.simulation.interrupt_pending = False
    allocated = world.state["bytesAllocated"]
    order = world.memory.byte_at(one + 17) & object_format.ORDER_MASK
    assert isinstance(become(world, EXCHANGE, [(one, another)]), int)
    assert world.state["bytesAllocated"] < allocated + (1 << order)
    assert world.value(followed(world, one)) == b"abc"


def test_a_large_array_is_looked_through_in_parts(world: SmallMemory) -> None:
    """What comes after nils at the beginning of an Array with the size of a method dictionary's."""
    size = 64
    plain = world.array([world.nil] * size)
    world.simulation.interrupt_pending = True
    assert [type(world.run(PROBLEM, plain, world.nil)) for _ in range(size)] == [Interrupted] * size
    world.simulation.interrupt_pending = False
    assert world.run(PROBLEM, plain, world.nil) == world.integer(0)


PAIRS = {
    "one object, one way": (FORWARD, [3], [3]),
    "four, one way": (FORWARD, [3, 3, 3, 3], [3, 3, 3, 3]),
    "a large one, one way": (FORWARD, [20_000], [3]),
    "two small ones, both ways": (EXCHANGE, [3], [3]),
    "two of 512 bytes, both ways": (EXCHANGE, [123], [123]),
    "512 and 256 bytes, both ways": (EXCHANGE, [123], [59]),
    "two pairs of 256 bytes, both ways": (EXCHANGE, [59, 59], [59, 59]),
}
PAGE = Path(__file__).parents[2] / "docs" / "become.md"
LONGEST_STRETCH, LONGEST_CALL = 1_300, 3_700


def of_size(world: SmallMemory, words: int) -> int:
    """An Array, or a String when it is large, for that needs less of the memory."""
    return world.array([world.true] * words) if words < 1_000 else world.string(bytes(words))


@pytest.mark.parametrize("case", PAIRS)
def test_the_longest_stretch(world: SmallMemory, case: str) -> None:
    """Until the last check an interrupt makes the primitive start again; from then on it waits."""
    number, olds, news = PAIRS[case]
    one, another = ([of_size(world, size) for size in sizes] for sizes in (olds, news))
    pairs = world.array(one), world.array(another)
    world.push(pairs)
    operands = number, world.memory, world.simulation.registers, world.method
    count, stretch = world.arm.count_instructions(*operands), world.arm.longest_stretch(*operands)
    assert f"| {case} | {count:,} | {stretch:,} |" in PAGE.read_text(encoding="utf-8"), "correct docs/become.md"
    assert 0 < stretch <= LONGEST_STRETCH
    assert stretch <= count <= LONGEST_CALL
    assert isinstance(world.run(number, *pairs), int)
