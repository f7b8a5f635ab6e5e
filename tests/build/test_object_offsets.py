"""The facts of fields of objects, on the running board: each address lies so far behind where an object may begin."""

from __future__ import annotations

import unicorn

from hardtalk.arm.flow import decode
from hardtalk.bench import Bench
from hardtalk.symbols.bytecode_routines import facts_in
from hardtalk.vm.object_format import SMALLEST_ORDER

PROGRAMS = (
    "(1 to: 40) inject: 0 into: [ :sum :each | sum + each printString size ]",
    "| all | all := (1 to: 60) collect: [ :each | Array new: each * 3 ]. Smalltalk garbageCollect. all size",
    "| s | s := Semaphore new. [ s signal ] fork. s wait. [ nil foo ] on: Error do: [ :e | e messageText size ]",
    "| a b | a := Object new. b := 'xyz' copy. a become: b. (1000 factorial // 998 factorial) + b hash size",
    "((Dictionary new) at: #a put: 3.5; at: #b put: 7/3; yourself) printString size",
    "[ :a :b | (a @ b) x ] valueWithArguments: #( 3 4 )",
)
LEAST = 400


def test_addresses_are_where_the_facts_say(bench: Bench) -> None:
    cpu = bench.board.cpu
    source_map = bench.source_map
    facts = facts_in(source_map)
    where: dict[int, tuple[int, int]] = {}
    for address, offset in facts.object_offsets:
        word = int.from_bytes(source_map.read(address, 4), "little")
        found = decode(word, address)
        assert found is not None and found.access is not None, f"{address:#x} is no load or store"
        if found.access.offset is not None and not found.is_conditional:
            where[address] = found.access.base, offset - found.access.offset
    seen: set[int] = set()
    wrong: list[str] = []

    def check(_engine: object, address: int, _size: int, _data: object) -> None:
        if address in where:
            seen.add(address)
            base, offset = where[address]
            if (cpu.register(base) - offset) % (1 << SMALLEST_ORDER):
                wrong.append(f"{address:#x} {facts.routine_at(address)}")

    engine = cpu.engine.uc
    handle = engine.hook_add(unicorn.UC_HOOK_CODE, check, begin=min(where), end=max(where))
    cpu.translate_anew()
    try:
        for program in PROGRAMS:
            bench.console.evaluate(program)
    finally:
        engine.hook_del(handle)
        cpu.translate_anew()
    assert not wrong, "\n".join(sorted(set(wrong)))
    assert len(seen) > LEAST, f"only {len(seen)} of {len(where)} were executed"
