"""The facts of a firmware as text: what `hardtalk explain --facts` prints, one line a fact."""

from __future__ import annotations

from collections.abc import Iterator

from hardtalk.vm.facts import Facts, Jump, LoopEdge


def facts_listing(facts: Facts) -> Iterator[str]:
    """Lines under headings, everything in the section once."""
    yield "registers"
    yield from (f"    r{number:<4}{name}" for name, number in sorted(facts.pinned.items(), key=lambda each: each[1]))
    yield "variables, by offset from vmState"
    for name, (offset, words) in sorted(facts.variables.items(), key=lambda each: each[1]):
        yield f"    {offset:#06x}  {name}{f'  {words} words' if words > 1 else ''}"
    yield "counters"
    yield from (f"    {number:>3}  {name}" for number, name in enumerate(facts.counters, 1))
    yield "special objects"
    for index, kind, name, variable in facts.special_objects:
        yield f"    {index:>3}  {kind} {name}{f'  {variable}' if variable else ''}"
    yield "special selectors"
    yield from (f"    {number:>3}  {name} {count}" for number, (name, count) in enumerate(facts.special_selectors))
    yield "sizes"
    yield from (f"    {name} {size:,}" for name, size in sorted(facts.sizes.items()))
    yield "regions"
    yield from (f"    {each.start:08x}-{each.stop:08x}  {each.use:<6} {each.name}" for each in facts.regions)
    yield "locked in the caches"
    yield from (f"    {each.start:08x}-{each.stop:08x}  {each.cache}" for each in facts.locked)
    yield from (f"    no room for {name}" for name in facts.unlocked)
    yield "tables"
    yield from (f"    {each.address:08x}  {each.name}, {each.entries} entries  {each.role}" for each in facts.tables)
    yield "routines"
    for each in facts.routines:
        serves = f"  {each.table} {each.first}-{each.last}" if each.table else ""
        depth = f"  recursive {each.recursion_depth}" if each.recursion_depth else ""
        kind = "  threaded" if each.is_threaded else "  native" if each.is_native else ""
        yield f"    {each.address:08x}  {each.size:>5}  {each.name}{serves}  frame {each.frame_bytes}{depth}{kind}"
    yield "methods' entries"
    yield from (f"    {address:08x}  {_name(facts, address)}" for address in facts.method_entries)
    yield "native handlers and processes"
    yield from (f"    {address:08x}  {_name(facts, address)}" for address in facts.handler_entries)
    yield "loops"
    yield from (_loop(facts, edge) for edge in facts.loops)
    yield "polls"
    yield from (f"    {address:08x}  {_name(facts, address)}" for address in facts.polls)
    yield "fields of objects"
    yield from (f"    {at:08x}  {_name(facts, at)}  {offset}" for at, offset in facts.object_offsets)
    yield "sleeps"
    yield from (f"    {address:08x}  {_name(facts, address)}" for address in facts.sleeps)
    yield "halts"
    yield from (f"    {address:08x}  {_name(facts, address)}" for address in facts.halts)
    yield "interrupt masks"
    yield from (f"    {address:08x}  {change:<6} {_name(facts, address)}" for address, change in facts.masks)
    yield "computed jumps"
    yield from (_jump(facts, jump) for jump in facts.jumps)


def _name(facts: Facts, address: int) -> str:
    routine = facts.routine_at(address)
    if routine is None:
        return "?"
    return routine.name + (f"+{address - routine.address:#x}" if address > routine.address else "")


def _loop(facts: Facts, edge: LoopEdge) -> str:
    loops = "; ".join(
        f"{loop}{'' if loop.bound is None else f' at most {loop.bound:,} times'}{' polls' if loop.polls else ''}"
        for loop in edge.loops
    )
    return f"    {edge.address:08x} -> {edge.target:08x}  {_name(facts, edge.address)}  {loops}"


def _jump(facts: Facts, jump: Jump) -> str:
    targets = " ".join(_name(facts, target) for target in jump.targets)
    return f"    {jump.address:08x}  {jump.kind:<16} {_name(facts, jump.address)}{f' -> {targets}' if targets else ''}"
