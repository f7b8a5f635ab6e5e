"""What the scheduler or native code holds outlives all references to it: the virtual machine keeps it, not a collection
that a program can empty."""

from __future__ import annotations

from hardtalk.bench import Bench
from hardtalk.memory.audit import audit

FORGET = "NativeProcess known copy do: [ :each | NativeProcess known remove: each ]. "
COLLECT = "2 timesRepeat: [ Smalltalk garbageCollect ]. 1 to: 300 do: [ :i | (Bitmap new: 300) atAllPut: 16r10101 ]. 0"
PREPARE = "(NativeRecord words: 400) prepareRoutine: {routine} argument: {argument} priority: 30 floats: 0 slot: {slot}"
REFUSED = "[ {}. #done ] on: Error do: [ :e | #refused ]"


def collect_and_reuse(bench: Bench) -> None:
    """Whatever is free is taken and overwritten: with words at which no code can run."""
    bench.console.evaluate(COLLECT)


def end_counting(bench: Bench, address: int) -> None:
    """Write what the process waits for into its block, and let it end."""
    bench.board.ram.write(address + 4, (1).to_bytes(4, "little"))
    bench.console.evaluate("(Delay forMilliseconds: 5) wait. 0")
    assert_sound(bench)


def assert_sound(bench: Bench) -> None:
    assert bench.console.evaluate("3 + 4") == "7"
    report = audit(bench.board)
    assert report.is_sound, report.text()


def refused(bench: Bench, text: str) -> bool:
    return bench.console.evaluate(REFUSED.format(text)) == "#refused"


def test_a_process_that_only_the_scheduler_knows_goes_on(native_bench: Bench) -> None:
    """Its record, its stack and the block that it counts in: nothing in Smalltalk refers to them."""
    evaluate, board = native_bench.console.evaluate, native_bench.board
    address = int(
        evaluate(
            "| b | b := Bitmap new: 16. (NativeProcess routine: #countUntil: argument: b priority: 30) resume. "
            f"{FORGET} b nativeAddress"
        )
    )
    collect_and_reuse(native_bench)
    before = int.from_bytes(board.ram.read(address, 4), "little")
    evaluate("(Delay forMilliseconds: 5) wait. 0")
    assert before < int.from_bytes(board.ram.read(address, 4), "little") < 1 << 24
    end_counting(native_bench, address)


def test_a_record_made_without_its_classes_is_kept_all_the_same(native_bench: Bench) -> None:
    text = PREPARE.format(routine="(NativeRoutine numberOf: #countUntil:)", argument="b", slot=20)
    address = int(native_bench.console.evaluate(f"| b | b := Bitmap new: 16. ({text}) resumeNative. b nativeAddress"))
    collect_and_reuse(native_bench)
    end_counting(native_bench, address)


def test_the_block_of_a_native_handler_is_kept_with_the_line(native_bench: Bench) -> None:
    evaluate, board = native_bench.console.evaluate, native_bench.board
    line = "InterruptController current line: 2 handler: {} argument: {} priority: 30 stormLimit: 5"
    number = "(NativeRoutine numberOf: #softwareLine:)"
    address = int(
        evaluate(f"| b | b := Bitmap new: 300. b at: 5 put: 12345. {line.format(number, 'b')}. b nativeAddress")
    )
    assert evaluate("InterruptController current line: 2 value: #argument") == str(address)
    collect_and_reuse(native_bench)
    assert int.from_bytes(board.ram.read(address + 16, 4), "little") == 12345
    evaluate(line.format(0, 0))
    collect_and_reuse(native_bench)
    assert int.from_bytes(board.ram.read(address + 16, 4), "little") != 12345
    for argument in ("-1", "nil", "#(1 2)", "(1 bitShift: 40) negated", "1 bitShift: 40"):
        assert refused(native_bench, line.format(number, argument)), argument


def test_a_slot_in_use_is_neither_released_nor_given_to_another_record(native_bench: Bench) -> None:
    evaluate = native_bench.console.evaluate
    made = "NativeProcess routine: #countUntil: argument: (Bitmap new: 16) priority: 30"
    evaluate(f"Smalltalk at: #P put: ({made}). P resume. 0")
    slot = evaluate("P instVarNamed: 'slot'")
    takers = (
        f"(NativeRecord words: 5) prepareSemaphore: {slot}",
        f"(NativeRecord words: 20) prepareQueue: {slot}",
        PREPARE.format(routine="(NativeRoutine numberOf: #answerIn:)", argument="(Bitmap new: 1)", slot=slot),
    )
    for attempt in (f"NativeSlot release: {slot}", *takers):
        assert refused(native_bench, attempt), attempt
    evaluate("P terminate. 0")
    for attempt in (f"NativeSlot release: {slot}", takers[0]):
        assert not refused(native_bench, attempt), attempt
    assert_sound(native_bench)


def test_a_semaphore_that_a_native_process_waits_for_is_not_released(native_bench: Bench) -> None:
    evaluate = native_bench.console.evaluate
    for name, value in (("S", "NativeSemaphore new"), ("Log", "Bitmap new: 20"), ("Script", "Bitmap new: 6")):
        evaluate(f"Smalltalk at: #{name} put: ({value}). 0")
    evaluate("Script at: 1 put: 1; at: 2 put: S address. 0")
    evaluate("Smalltalk at: #B put: (Bitmap new: 3). B at: 1 put: Script nativeAddress; at: 3 put: 1. 0")
    evaluate("B at: 2 put: Log nativeAddress. 0")
    evaluate("Smalltalk at: #P put: (NativeProcess routine: #followScript: argument: B priority: 30). 0")
    evaluate("P resume. (Delay forMilliseconds: 5) wait. 0")
    assert evaluate("P state") == "#waiting"
    assert refused(native_bench, "S release")
    evaluate("NativeSemaphore known remove: S. Smalltalk at: #S put: nil. 0")
    collect_and_reuse(native_bench)
    assert evaluate("P terminate. P state") == "#ended"
    assert_sound(native_bench)


def test_a_process_has_a_slot(native_bench: Bench) -> None:
    for slot in ("0", "-1", "33", "1073741823", "nil"):
        assert refused(
            native_bench,
            PREPARE.format(routine="(NativeRoutine numberOf: #answerIn:)", argument="(Bitmap new: 1)", slot=slot),
        ), slot
