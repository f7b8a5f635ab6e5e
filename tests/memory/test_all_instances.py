"""Going through all objects takes memory for what has been met, and no block of twice the size of that."""

from hardtalk.bench import BootOptions, boot

SMALL_HEAP = 1_360 << 10
PATIENCE_CYCLES = 20_000_000_000


def test_all_instances_in_a_small_heap() -> None:
    console = boot(BootOptions(model="instructions", heap_bytes=SMALL_HEAP)).console
    free = int(console.evaluate("Smalltalk garbageCollect. Smalltalk bytesFree"))
    assert free < 450 << 10
    assert int(console.evaluate("Semaphore allInstances size", PATIENCE_CYCLES)) > 3
    assert console.evaluate("| s | s := Semaphore new. Semaphore allInstances includes: s", PATIENCE_CYCLES) == "true"


def test_a_collection_that_has_to_grow_meets_every_object_once() -> None:
    console = boot(BootOptions(model="instructions", heap_bytes=8 << 20)).console
    entry = (
        "| all | all := (1 to: 20000) collect: [ :each | Array with: each ]. "
        "((Array allInstances select: [ :each | each size = 1 and: [ (each at: 1) isInteger ] ]) "
        "collect: [ :each | each at: 1 ]) asSet size >= 20000"
    )
    assert console.evaluate(entry, PATIENCE_CYCLES) == "true"
