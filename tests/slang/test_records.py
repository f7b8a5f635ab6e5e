"""Records: fields are the loads, stores and barrier calls that one would write by hand."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import hardtalk.vm
from hardtalk.slang.compile import compile_program
from hardtalk.slang.program import read_program
from hardtalk.smalltalk import ast
from hardtalk.smalltalk.tonel import read_class
from hardtalk.vm.constants import slang_constants
from hardtalk.vm.object_format import HEADER_FIELDS, SLOTS, slot_offset
from hardtalk.vm.records import RECORDS, Field, Holds

from .three_ways import DATA, agreed, program, sources

BARRIER = """
Sample >> storePointer: value in: object at: offset [
	<noInline>
	counter := counter + 1.
	self wordAt: object + offset put: value
]
"""


def test_every_field_is_where_the_tables_have_it() -> None:
    for group, slots in SLOTS.items():
        for place, slot in enumerate(slots):
            assert RECORDS[group].fields[spelled(slot)].offset == slot_offset(place)
    for field in HEADER_FIELDS:
        assert RECORDS["oop"].fields[field.name].offset == field.offset
    fields = {
        f"{record.name.removesuffix('Entry')}{capitalised(field.name.removeprefix('cached'))}Offset": field.offset
        for record in RECORDS.values()
        for field in record.fields.values()
        if not (record.base and field.name in record.base.fields)
    }
    declared = {name: at for name, at in slang_constants().items() if name.startswith(("Native", "Cache"))}
    offsets = {name: at for name, at in declared.items() if name.endswith("Offset")}
    assert len(offsets) > 30 and offsets.items() <= fields.items()


def capitalised(name: str) -> str:
    return name[0].upper() + name[1:]


def spelled(name: str) -> str:
    return name[0].lower() + name[1:]


def by_hand(field: Field) -> list[tuple[str, str]]:
    """What may be written of a field of `a`, and the same without records."""
    unit = {4: "word", 2: "half", 1: "byte"}[field.width]
    address = f"a + {field.offset}"
    if field.holds is Holds.PART:
        return [(f"^ a {field.name}", f"^ {address}")]
    pairs = [
        (f"^ a {field.name}", f"^ self {unit}At: {address}"),
        (f"^ a addressOf{capitalised(field.name)}", f"^ {address}"),
    ]
    if field.holds is Holds.WORD:
        return [*pairs, (f"a {field.name}: b", f"self {unit}At: {address} put: b")]
    return [
        *pairs,
        (f"a {field.name}: b", f"self storePointer: b in: a at: {field.offset}"),
        (f"a withoutBarrier {field.name}: b", f"self wordAt: {address} put: b"),
    ]


@pytest.mark.parametrize("record", RECORDS)
def test_a_field_is_what_one_would_write_by_hand(record: str) -> None:
    """The same machine code, and the same weight, which decides what is inlined."""
    ways = [
        (n, pair) for n, pair in enumerate(pair for field in RECORDS[record].fields.values() for pair in by_hand(field))
    ]
    head = f"<var: #a type: #{record}>"
    text = "".join(
        f"Sample >> {way}{number}: a with: b [\n\t{head}\n\t{body}\n]\n\n"
        for number, pair in ways
        for way, body in zip(("short", "long"), pair, strict=True)
    )
    classes = sources(text + BARRIER)
    methods = read_program(classes, {}).methods
    roots = [selector for selector in methods if selector.startswith(("short", "long"))]
    codes = {each.name: each.code for each in compile_program(classes, {}, roots).routines}
    for number, pair in ways:
        short, long = (methods[f"{way}{number}:with:"] for way in ("short", "long"))
        assert codes[short.symbol] == codes[long.symbol], pair
        assert (short.weight, short.touches_pinned) == (long.weight, long.touches_pinned), pair


def test_a_place_in_a_part_is_one_sum() -> None:
    bodies = ("^ (self wordAt: a temporaries - 4) + (a temporaries + 8)", "^ (self wordAt: a + 40) + (a + 52)")
    text = "".join(
        f"Sample >> run{number}: a [\n\t<var: #a type: #Context>\n\t{body}\n]\n\n" for number, body in enumerate(bodies)
    )
    first, second = compile_program(sources(text), {}, ["run0:", "run1:"]).routines
    assert first.code == second.code


def test_the_virtual_machine_adds_no_offset_of_a_field_by_hand() -> None:
    offsets = {
        f"{prefix}{capitalised(field.name.removeprefix('cached').removesuffix('Byte'))}Offset"
        for record in RECORDS.values()
        for prefix in ("", record.name.removesuffix("Entry"))
        for field in record.fields.values()
    }
    assert {"BodyOffset", "BlockOffset", "ContextSenderOffset", "CacheClassOffset"} <= offsets & set(slang_constants())
    added = [
        f"{path.name}:{method.node.line_of(node)}"
        for path in Path(hardtalk.vm.__file__).parents[2].joinpath("vm").rglob("*.st")
        for method in read_class(path.read_text(), str(path)).methods
        for node in ast.walk(method.node)
        if isinstance(node, ast.Send) and node.selector in ("+", "storePointer:in:at:")
        if isinstance(node.arguments[-1], ast.Variable) and node.arguments[-1].name in offsets
    ]
    assert added == []


def test_a_chain_of_fields_casts_and_results() -> None:
    ways = program(
        f"""Sample >> run: a with: b [
	<var: #a type: #Process>
	a myList firstLink priority: b asNativeProcess state + (self owner: a myList) priority.
	^ a myList asMutex owner addressOfName - a + a myList body
]

Sample >> owner: list [
	<returns: #Process>
	<noInline>
	^ (list = 0 ifTrue: [ list asMutex ] ifFalse: [ list asMutex ]) owner
]
{BARRIER}"""
    )
    process, listed, native = RECORDS["Process"].fields, RECORDS["Mutex"].fields, RECORDS["NativeProcess"].fields
    words = {
        process["myList"].offset: DATA + 256,
        process["priority"].offset: 40,
        256 + listed["firstLink"].offset: DATA,
        256 + listed["owner"].offset: DATA + 512,
        512 + process["priority"].offset: 7,
        1024 + native["state"].offset: 3,
    }
    results = ways.call("run:with:", DATA, DATA + 1024, data=memory(words))
    assert agreed(results) == 512 + process["name"].offset + DATA + 256 + listed["body"].offset
    assert int.from_bytes(results[0][1][process["priority"].offset :][:4], "little") == 10


def memory(words: dict[int, int]) -> bytes:
    data = bytearray(2048)
    for offset, word in words.items():
        data[offset : offset + 4] = word.to_bytes(4, "little")
    return bytes(data)


@pytest.mark.parametrize("store", ["nextOwned:", "withoutBarrier nextOwned:", "ceiling:"])
def test_the_receiver_is_evaluated_before_the_argument(store: str) -> None:
    ways = program(
        f"""Sample >> run: a with: b [
	<var: #a type: #Mutex>
	| p |
	<var: #p type: #Mutex>
	p := a.
	p {store} (p := b).
	(self next) {store} (self next).
	^ p - b + counter
]

Sample >> next [
	<returns: #Mutex>
	<noInline>
	total := total + 64.
	^ total + {DATA + 512}
]
{BARRIER}""",
    )
    results = ways.call("run:with:", DATA, DATA + 256)
    assert agreed(results) == (2 if store == "nextOwned:" else 0)
    field = RECORDS["Mutex"].fields[store.removeprefix("withoutBarrier ").removesuffix(":")]
    after = results[0][1]
    stored = [int.from_bytes(after[at + field.offset :][:4], "little") for at in (0, 256, 576)]
    assert stored == [DATA + 256, 0, DATA + 640]


NAMES = ("p", "q", "r")
records = st.recursive(
    st.sampled_from(NAMES),
    lambda inner: (
        st.builds("({} := {})".format, st.sampled_from(NAMES), inner)
        | st.builds("{} myList asProcess".format, inner)
        | st.builds("(self one: {} or: {})".format, inner, inner)
    ),
    max_leaves=3,
)
words = st.recursive(
    st.sampled_from(["a", "b", "7", "-1"])
    | st.builds(
        "{} {}".format,
        records,
        st.sampled_from(["priority", "hash", "format", "body", "addressOfName", "suspendedContext"]),
    ),
    lambda inner: st.builds("({} {} {})".format, inner, st.sampled_from(["+", "-", "bitXor:", "<<", ">>"]), inner),
    max_leaves=4,
)
stores = st.builds(
    "{} {}: {}.".format,
    records,
    st.sampled_from(["priority", "hash", "format", "blockByte", "name", "withoutBarrier name", "ownPriority"]),
    words,
) | st.builds(
    "{} {}: {}.".format, records, st.sampled_from(["myList", "withoutBarrier firstMutex"]), st.just("r myList")
)
lists = st.lists(
    stores
    | st.builds("{} := {}.".format, st.sampled_from(NAMES), records)
    | st.builds("{} > {} ifTrue: [ {} ].".format, words, words, stores),
    min_size=1,
    max_size=6,
)


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
@given(lists, words, st.booleans())
def test_generated_programs_with_records_agree(body: list[str], result: str, inlined: bool) -> None:
    firsts = "\n\t".join(
        each.replace("r myList", "r myList asMutex") if "firstMutex" in each else each for each in body
    )
    ways = program(f"""Sample >> run: a with: b [
	<var: #p type: #Process>
	<var: #q type: #Process>
	<var: #r type: #Process>
	| p q r |
	p := {DATA} asProcess. q := {DATA + 64} asProcess. r := {DATA + 128} asProcess.
	{firsts}
	^ {result} + (p bitXor: q * 3) + counter
]

Sample >> one: p or: q [
	<var: #p type: #Process>
	<returns: #Process>
	<{"inline" if inlined else "noInline"}>
	total := total + 1.
	^ p priority > total ifTrue: [ p ] ifFalse: [ q ]
]
{BARRIER}""")
    fields = RECORDS["Process"].fields
    lists = {at + fields["myList"].offset: DATA + (at + 64) % 192 for at in (0, 64, 128)}
    agreed(ways.call("run:with:", 5, 0x80000001, data=memory(lists)))
