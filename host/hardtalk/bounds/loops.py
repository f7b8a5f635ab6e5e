"""The natural loops of a flow graph: an edge back to a node that dominates it, and what lies between.

Dominators after Cooper, Harvey and Kennedy, "A Simple, Fast Dominance Algorithm" (2001).
"""

from collections.abc import Callable, Iterable, Mapping, Sequence

from hardtalk.bounds.longest import Loop, Node

ROOT = -1


Turns = Callable[[Node, Sequence[Node], frozenset[Node]], int | None]
"""How often a loop goes back at most, None when nobody states it: of its head, the nodes before an edge back, all."""


def natural_loops(successors: Mapping[Node, Sequence[Node]], entries: Sequence[Node], turns: Turns) -> list[Loop]:
    """All loops of the nodes that can be reached from `entries`; loops with the same head are one."""
    dominator, order = dominators(successors, entries)
    number = {node: place for place, node in enumerate(order)}
    predecessors: dict[Node, list[Node]] = {}
    for node in order:
        for target in successors.get(node, ()):
            predecessors.setdefault(target, []).append(node)
    tails: dict[Node, list[Node]] = {}
    for node in order:
        for target in successors.get(node, ()):
            if number[target] <= number[node] and dominates(dominator, number, target, node):
                tails.setdefault(target, []).append(node)
    bodies = {head: body(head, ends, predecessors) for head, ends in tails.items()}
    return [Loop(head, bodies[head], turns(head, ends, bodies[head])) for head, ends in tails.items()]


def body(head: Node, tails: Iterable[Node], predecessors: Mapping[Node, Sequence[Node]]) -> frozenset[Node]:
    found = {head}
    pending = list(tails)
    while pending:
        node = pending.pop()
        if node not in found:
            found.add(node)
            pending += predecessors.get(node, ())
    return frozenset(found)


def dominates(dominator: Mapping[Node, Node], number: Mapping[Node, int], above: Node, node: Node) -> bool:
    while number[node] > number[above]:
        node = dominator[node]
    return node == above


def dominators(
    successors: Mapping[Node, Sequence[Node]], entries: Sequence[Node]
) -> tuple[dict[Node, Node], list[Node]]:
    """The immediate dominator of each node that can be reached, and those nodes in reverse postorder, ROOT first."""
    order = reverse_postorder(successors, entries)
    number = {node: place for place, node in enumerate(order)}
    starts = set(entries)
    predecessors: dict[Node, list[Node]] = {node: [ROOT] if node in starts else [] for node in order}
    for node in order:
        for target in successors.get(node, ()) if node != ROOT else ():
            predecessors[target].append(node)
    dominator = {ROOT: ROOT}

    def common(first: Node, second: Node) -> Node:
        while first != second:
            while number[first] > number[second]:
                first = dominator[first]
            while number[second] > number[first]:
                second = dominator[second]
        return first

    changed = True
    while changed:
        changed = False
        for node in order[1:]:
            known = [each for each in predecessors[node] if each in dominator]
            found = known[0]
            for each in known[1:]:
                found = common(found, each)
            if dominator.get(node) != found:
                dominator[node] = found
                changed = True
    return dominator, order


def reverse_postorder(successors: Mapping[Node, Sequence[Node]], entries: Sequence[Node]) -> list[Node]:
    postorder: list[Node] = []
    seen: set[Node] = set()
    for entry in entries:
        if entry in seen:
            continue
        seen.add(entry)
        work = [(entry, iter(successors.get(entry, ())))]
        while work:
            node, rest = work[-1]
            for target in rest:
                if target not in seen:
                    seen.add(target)
                    work.append((target, iter(successors.get(target, ()))))
                    break
            else:
                postorder.append(node)
                work.pop()
    return [ROOT, *reversed(postorder)]
