"""Components: what they may say and send, word for word where it is wrong; and the virtual machine's own order."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest

from hardtalk.build import BuildOptions
from hardtalk.build.collectors import COLLECTORS
from hardtalk.build.sources import is_slang, read_classes, slang_paths, text_root, vm_paths
from hardtalk.slang.component_sends import with_plain_sends
from hardtalk.slang.components import arrows, components_of
from hardtalk.slang.program import read_program
from hardtalk.slang.simulate import Simulation
from hardtalk.smalltalk import ast
from hardtalk.smalltalk.errors import SourceError
from hardtalk.smalltalk.tonel import ClassDefinition, read_class
from hardtalk.vm.constants import slang_constants
from hardtalk.vm.state_plan import STATE_ORDER, in_state_order


def component(name: str, declaration: str = "", *methods: str, variables: str = "") -> ClassDefinition:
    """A class whose declaration is these pragmas, with these methods, each `pattern [ body ]`."""
    names = ", ".join(f"'{each}'" for each in variables.split())
    text = f"Class {{ #name : #{name}, #superclass : #Object, #instVars : [ {names} ], #category : #Test }}\n"
    if declaration:
        text += f"\n{name} class >> declareComponent [\n\t{declaration}\n]\n"
    return read_class(text + "".join(f"\n{name} >> {each}\n" for each in methods), f"{name}.class.st")


STORE = component("Store", "", "level [ ^ level ]", "fill: n [ level := level + n ]", variables="level capacity")
ASKING = component("Asking", "<interface>", "ask: n [ ]", variables="answers")
ANSWERING = component(
    "Answering", "<uses: #Store> <provides: #Asking>", "ask: n [ ^ store level + n ]", variables="answers"
)
PLANT = component(
    "Plant",
    "<uses: #Store> <uses: #Asking>",
    "run: n [ store fill: n. store capacity: store capacity + 2. ^ (asking ask: 1) + store capacity + asking answers ]",
)


def test_sends_and_accessors_are_those_of_the_components() -> None:
    simulation = Simulation([PLANT, ASKING, ANSWERING, STORE])
    simulation.state["answers"] = 100
    assert simulation.call("run:", 40) == 143
    assert (simulation.state["level"], simulation.state["capacity"]) == (40, 2)


def test_nodes_keep_their_places() -> None:
    plain = next(each for each in with_plain_sends([PLANT, ASKING, ANSWERING, STORE]) if each.name == "Plant")
    (before,), (after,) = PLANT.methods[1:], plain.methods[1:]
    sends = [
        [n for n in ast.walk(each.node) if isinstance(n, ast.Send) and ":" in n.selector] for each in (before, after)
    ]
    kept = {n.selector: (n.start, n.stop, n.selector_start) for n in sends[0]}
    assert sends[1] and all(kept[n.selector] == (n.start, n.stop, n.selector_start) for n in sends[1])


def test_addresses_are_asked_of_the_component_that_has_the_name() -> None:
    user = component(
        "User", "<uses: #Store>", "run: n [ self wordAt: (store addressOfState: #level) put: n. ^ store level ]"
    )
    assert Simulation([user, STORE]).call("run:", 7) == 7


WRONG = {
    "an undeclared use": (
        [component("User", "<uses: #Asking>", "run: n [ asking ask: n. ^ store level ]"), STORE, ASKING],
        "User.class.st:7:35: User does not use Store\nUser >> run: n   asking ask: n. ^ store level\n"
        "                                  ^\ndeclare <uses: #Store> in User class >> declareComponent",
    ),
    "a declaration that nothing needs": (
        [component("User", "<uses: #Store>", "run: n [ ^ n ]"), STORE],
        "User.class.st:4:2: User does not use Store\n\t<uses: #Store>\n\t^\nremove the declaration",
    ),
    "a circle": (
        [
            component("One", "<uses: #Two>", "one [ ^ two two ]"),
            component("Two", "<uses: #Three>", "two [ ^ three three ]"),
            component("Three", "<uses: #One>", "three [ ^ one one ]"),
        ],
        "Three.class.st:4:2: a circle of components: One -> Two -> Three -> One\n\t<uses: #One>\n\t^\n"
        "move what is used, or let an interface stand between",
    ),
    "a component that there is not": (
        [component("User", "<uses: #Stores>", "run: n [ ^ stores level ]"), STORE],
        "User.class.st:4:2: there is no component Stores\n\t<uses: #Stores>\n\t^\ndid you mean Store?",
    ),
    "another component's method sent to self": (
        [component("User", "<uses: #Store>", "run: n [ store fill: n. ^ self level ]"), STORE],
        "User.class.st:7:40: level is of the component Store\nUser >> run: n   store fill: n. ^ self level\n"
        "                                       ^\nsend to store, which <uses: #Store> declares",
    ),
    "another component's variable": (
        [component("User", "<uses: #Store>", "run: n [ store fill: n. ^ capacity ]"), STORE],
        "User.class.st:7:35: capacity belongs to the component Store\nUser >> run: n   store fill: n. ^ capacity\n"
        "                                  ^\nwrite store capacity",
    ),
    "what the component has not": (
        [component("User", "<uses: #Store>", "run: n [ ^ store empty: n ]"), STORE],
        "User.class.st:7:26: Store has no method or variable for empty:\nUser >> run: n   ^ store empty: n\n"
        "                         ^\nsee its class",
    ),
    "a variable that hides a component": (
        [component("User", "<uses: #Store>", "run: store [ ^ store ]"), STORE],
        "User.class.st:7:14: store hides the component of that name\nUser >> run: store   ^ store\n"
        "             ^\nrename the variable",
    ),
    "a component as a value": (
        [component("User", "<uses: #Store>", "run: n [ store fill: n. ^ store ]"), STORE],
        "User.class.st:7:35: store is a component, no value\nUser >> run: n   store fill: n. ^ store\n"
        "                                  ^\nsend to it",
    ),
    "an interface that nobody answers": (
        [ASKING, component("Answering", "<provides: #Asking>", variables="answers"), PLANT, STORE],
        "Asking.class.st:7:11: no component provides ask:\nAsking >> ask: n\n          ^\nwrite it in Answering",
    ),
    "an interface that two answer": (
        [ASKING, ANSWERING, component("Other", "<provides: #Asking>", "ask: n [ ^ n ]"), PLANT, STORE],
        "Asking.class.st:7:11: ask: is provided by Answering and Other\nAsking >> ask: n\n"
        "          ^\nkeep one of them",
    ),
    "an interface with code": (
        [component("Asking", "<interface>", "ask: n [ ^ n ]"), ANSWERING, PLANT, STORE],
        "Asking.class.st:7:11: Asking is an interface: ask: has no code here\nAsking >> ask: n   ^ n\n"
        "          ^\nwrite it in a component that provides Asking",
    ),
    "a provider that provides nothing": (
        [ASKING, component("Answering", "<provides: #Asking>", "tell [ ^ 1 ]"), PLANT, STORE],
        "Answering.class.st:4:2: Answering has nothing that Asking asks for\n\t<provides: #Asking>\n\t^\n"
        "remove the declaration",
    ),
    "an interface that uses": (
        [component("Asking", "<interface> <uses: #Store>", "ask: n [ ]"), ANSWERING, PLANT, STORE],
        "Asking.class.st:4:14: the interface Asking uses Store\n\t<interface> <uses: #Store>\n\t            ^\n"
        "an interface has no code: its providers use",
    ),
    "a component as an interface": (
        [component("User", "<provides: #Store>", "run: n [ ^ n ]"), STORE],
        "User.class.st:4:2: Store is no interface\n\t<provides: #Store>\n\t^\n"
        "provide an interface, or use the component",
    ),
    "a component that uses itself": (
        [component("Store", "<uses: #Store>", "run: n [ ^ store ]")],
        "Store.class.st:4:2: Store declares itself\n\t<uses: #Store>\n\t^\nits own methods are sent to self",
    ),
    "a superclass": (
        [replace(component("User", "", "run: n [ ^ n ]"), superclass="Store"), STORE],
        "User.class.st:1:1: User inherits from Store, but a component inherits nothing\n#User\n^\n"
        "Write #superclass : #Object, and <uses: #Store> in declareComponent.",
    ),
    "another pragma": (
        [component("Store", "<users: #Plant>", "run: n [ ^ n ]")],
        "Store.class.st:4:2: unknown pragma <users:>\n\t<users: #Plant>\n\t^\nsee docs/slang.md, Components",
    ),
}


@pytest.mark.parametrize(("classes", "message"), WRONG.values(), ids=WRONG)
def test_what_is_wrong_is_told(classes: list[ClassDefinition], message: str) -> None:
    with pytest.raises(SourceError) as caught:
        read_program(classes, {})
    assert str(caught.value) == message


def test_a_drivers_routine_has_services_and_nothing_else() -> None:
    store = component(
        "Store", "", "fill: n [ <service> level := level + n. ^ level ]", "empty [ level := 0 ]", variables="level"
    )
    user = component("User", "<uses: #Store>", "drain [ store empty ]")
    assert Simulation([component("Driver", "", "run: n [ ^ self fill: n ]"), store, user]).call("run:", 3) == 3
    with pytest.raises(SourceError, match="empty is of the component Store"):
        read_program([component("Driver", "", "run: n [ ^ self empty ]"), store, user], {})
    with pytest.raises(SourceError, match="fill: is of the component Store"):
        above = component("Above", "<uses: #Driver>", "go [ ^ driver run: 1 ]")
        read_program([component("Driver", "", "run: n [ ^ self fill: n ]"), store, user, above], {})


@pytest.mark.parametrize("collector", COLLECTORS)
def test_the_virtual_machine_has_one_order(collector: str) -> None:
    """Every send between components goes down: the components can be numbered so that uses and provides do."""
    classes = read_classes(slang_paths(BuildOptions(collector=collector)))
    components = components_of(classes)
    pairs = {(name, other) for name, other, _ in arrows(components)}
    assert len(pairs) > 300 and not {(other, name) for name, other in pairs} & pairs
    level: dict[str, int] = {}
    while len(level) < len(components):
        ready = [n for n in components if n not in level and all(o in level for m, o in pairs if m == n)]
        assert ready, sorted(set(components) - set(level))
        level |= {name: 1 + max((level[o] for m, o in pairs if m == name), default=0) for name in ready}
    against = [
        f"{each.name} >> {method.selector} -> {owner}"
        for each in components.values()
        for method in each.definition.methods
        for node in ast.walk(method.node)
        if isinstance(node, ast.Send) and isinstance(node.receiver, ast.Variable)
        for owner in [owner_of(node, components)]
        if owner not in (None, each.name) and (owner not in level or level[str(owner)] >= level[each.name])
    ]
    assert against == []
    with_plain_sends(classes)


def owner_of(node: ast.Send, components: dict[str, object]) -> str | None:
    """The component that a send goes to, by its receiver's name."""
    assert isinstance(node.receiver, ast.Variable)
    name = node.receiver.name[0].upper() + node.receiver.name[1:]
    return name if name in components else None


def test_only_the_collector_is_reached_through_its_interfaces_from_above() -> None:
    """Its two implementations have other components, so nothing outside the folder may use one of them."""
    for collector in COLLECTORS:
        inside = {p.name.removesuffix(".class.st") for p in vm_paths(collector) if p.parent.name == collector}
        components = components_of(read_classes(vm_paths(collector)))
        outside = {(n, o) for n, o, _ in arrows(components) if n not in inside and o in inside}
        assert outside == set()


def test_files_are_of_one_thing() -> None:
    long = [path.name for each in COLLECTORS for path in vm_paths(each) if len(path.read_text().splitlines()) > 400]
    assert long == []


def test_the_state_plan_names_what_there_is_once() -> None:
    assert len(set(STATE_ORDER)) == len(STATE_ORDER)
    names: set[str] = set()
    for each in COLLECTORS:
        for definition in read_classes(vm_paths(each)):
            names |= {definition.name, *definition.instance_variables}
    assert set(STATE_ORDER) <= names


def test_the_anchors_of_rings_are_pairs() -> None:
    program = read_program(read_classes(vm_paths()), slang_constants())
    for ring in ("black", "white", "grey", "weak", "dead"):
        assert program.state[f"{ring}RingPrevious"] == program.state[f"{ring}Ring"] + 4


def test_variables_that_no_plan_names_follow_in_the_order_of_the_classes() -> None:
    components = [("Driver", ("b", "a")), ("Forwarders", ("isForwarding",)), ("Other", ("nativeLines", "z"))]
    assert list(in_state_order(components)) == ["isForwarding", "nativeLines", "b", "a", "z"]
    for earlier, later in pairwise(STATE_ORDER):
        assert list(in_state_order([("X", (later, earlier))])) == [earlier, later]


def test_native_routines_of_every_folder_are_fit() -> None:
    """All that lie in the project, together with the virtual machine."""
    root = text_root()
    folders = [root / each for each in ("drivers", "host", "examples", "tests")]
    routines = [path for folder in folders for path in sorted(folder.rglob("*.class.st")) if is_slang(path)]
    assert len(routines) >= 5
    with_plain_sends(read_classes([*vm_paths(), *routines]))


def test_interfaces_ask_for_nothing_that_nobody_needs() -> None:
    components = components_of(read_classes(vm_paths()))
    sent = {
        (owner_of(node, components), name)
        for each in components.values()
        for method in each.definition.methods
        for node in ast.walk(method.node)
        if isinstance(node, ast.Send) and isinstance(node.receiver, ast.Variable)
        for name in (
            node.selector,
            *(str(argument.value) for argument in node.arguments if isinstance(argument, ast.Literal)),
        )
    }
    interfaces = [each for each in components.values() if each.is_interface]
    assert {(each.name, name) for each in interfaces for name in (*each.methods, *each.variables)} <= sent
