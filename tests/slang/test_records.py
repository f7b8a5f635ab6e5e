"""Records: fields are the loads, stores and barrier calls written by hand; mistakes are told word for word."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import hardtalk.vm
from hardtalk.slang.compile import compile_program
from hardtalk.slang.errors import SlangErrors
from hardtalk.slang.program import read_program
from hardtalk.smalltalk import ast
from hardtalk.smalltalk.errors import SourceError
from hardtalk.smalltalk.tonel import read_class
from hardtalk.vm.constants import slang_constants
from hardtalk.vm.object_format import HEADER_FIELDS, SLOTS, slot_offset
from hardtalk.vm.records import RECORDS, Field, Holds

from .both_ways import refusal_by_compiler, refusal_by_simulation
from .test_components import component
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


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
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


REFUSED = {
    "unknown field": (
        "^ p priorty",
        "6:6: Process has no field priorty",
        "did you mean priority?",
    ),
    "unknown stored field": (
        "p priorty: 3.\n\t^ 0",
        "6:4: Process has no field priorty",
        "did you mean priority:?",
    ),
    "field of another record": (
        "^ p owner",
        "6:6: Process has no field owner, Mutex has",
        "declare the value so, or write asMutex before it",
    ),
    "field of a word": (
        "^ a priority",
        "6:6: priority is a field of Process, NativeLine, NativeProcess or NativeSlot, and a is #int32",
        "declare <var: #a type: #Process>, or write asProcess before it",
    ),
    "field of what has no name": (
        "^ (a + 4) sender",
        "6:12: sender is a field of Context, and this value is #int32",
        "write asContext before it",
    ),
    "stored field of a word": (
        "a withoutBarrier sender: 0.\n\t^ 0",
        "6:19: sender is a field of Context, and a is #int32",
        "declare <var: #a type: #Context>, or write asContext before it",
    ),
    "header of a word": (
        "^ a class",
        "6:6: class is a field of oop, and a is #int32",
        "declare <var: #a type: #oop>, or write asOop before it",
    ),
    "record of another kind": (
        "p := p myList.\n\t^ 0",
        "6:2: p is #Process, the value is #List",
        "write asProcess behind it when it is one",
    ),
    "argument of another kind": (
        "self taking: p.\n\t^ 0",
        "6:15: context of taking: is #Context, the value is #Process",
        "write asContext behind it when it is one",
    ),
    "reference of another kind": (
        "p withoutBarrier myList: p.\n\t^ 0",
        "6:27: myList of Process is #List, the value is #Process",
        "write asList behind it when it is one",
    ),
    "truth in a record": (
        "p := a = 3.\n\t^ 0",
        "6:2: p is #Process, the value is #boolean",
        "compare it, or declare another type",
    ),
    "cast of a truth": (
        "^ (a = 3) asProcess",
        "6:12: asProcess makes a record of a word, this is #boolean",
        "ask it of an address",
    ),
    "needless withoutBarrier": (
        "p withoutBarrier priority: 3.\n\t^ 0",
        "6:19: priority is no reference and has no barrier",
        "leave it out",
    ),
    "withoutBarrier alone": (
        "^ p withoutBarrier",
        "6:6: withoutBarrier stores nothing",
        "send the store of a reference to it",
    ),
    "value of a store": (
        "^ p priority: 3",
        "6:4: priority: has no value here",
        "use it as a statement",
    ),
    "no barrier": (
        "p myList: 0.\n\t^ 0",
        "6:4: myList: stores a reference through storePointer:in:at:, which no class of the program has",
        "add one, or write withoutBarrier where the collector need not hear of it",
    ),
}


def wrong(*bodies: str) -> list:
    methods = "".join(
        f"Sample >> run{number or ''}: a [\n\t<var: #p type: #Process>\n\t| p |\n\t{body}\n]\n\n"
        for number, body in enumerate(bodies)
    )
    return sources(methods + "Sample >> taking: context [\n\t<var: #context type: #Context>\n\t^ context sender\n]\n")


@pytest.mark.parametrize("name", REFUSED)
def test_refused_both_ways_with_place_and_remedy(name: str) -> None:
    body, problem, remedy = REFUSED[name]
    said = refusal_by_compiler(wrong(body))
    assert said == refusal_by_simulation(wrong(body))
    assert said.splitlines()[0] == f"Sample.class.st:{problem}" and said.splitlines()[-1].strip() == remedy, said


def test_all_mistakes_are_told_in_one_run() -> None:
    with pytest.raises(SlangErrors) as caught:
        compile_program(wrong(*(body for body, _, _ in REFUSED.values())), {}, ["run:"])
    assert len(caught.value.errors) == len(REFUSED)


def test_an_unknown_type_is_refused() -> None:
    with pytest.raises(SourceError, match="unknown type #Proces"):
        read_program(sources("Sample >> run: a [\n\t<var: #a type: #Proces>\n\t^ a\n]\n"), {})


BARRED = component("Barrier", "<interface>", "storePointer: value in: object at: offset [ ]")
PROVIDING = component(
    "Collector",
    "<provides: #Barrier>",
    "storePointer: value in: object at: offset [ self wordAt: object + offset put: value ]",
)


def using(declaration: str, body: str) -> list:
    return [component("User", declaration, f"run: p [ <var: #p type: #Process> {body} ]"), BARRED, PROVIDING]


def test_a_store_of_a_reference_is_a_use_of_the_barrier() -> None:
    program = read_program(using("<uses: #Barrier>", "p myList: 0. ^ 0"), {})
    assert program.method("run:").calls == {"storePointer:in:at:"}
    with pytest.raises(SourceError, match="myList: stores a reference, and User does not use Barrier") as caught:
        read_program(using("<uses: #Collector>", "p myList: 0. ^ 0"), {})
    remedy = "declare <uses: #Barrier> in User class >> declareComponent, or write withoutBarrier where the collector"
    assert remedy in str(caught.value)


@pytest.mark.parametrize("body", ["p withoutBarrier myList: 0. ^ 0", "p priority: 0. ^ p myList"])
def test_other_accesses_are_none(body: str) -> None:
    with pytest.raises(SourceError, match="User does not use Barrier"):
        read_program(using("<uses: #Barrier>", body), {})
