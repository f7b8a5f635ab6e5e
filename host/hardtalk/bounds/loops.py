"""The natural loops of a flow graph: an edge back to a node that dominates it, and what lies between.

Dominators after Cooper, Harvey and Kennedy, "A Simple, Fast Dominance Algorithm" (2001).
"""

from collections.abc import Callable, Iterable, Mapping, Sequence

from hardtalk.bounds.longest import Loop, Node

ROOT = -1


def natural_loops(
    successors: Mapping[Node, Sequence[Node]], entries: Sequence[Node], turns: Callable[[Node, Node], int | None]
) -> list[Loop]:
    """All loops of the nodes that can be reached from `entries`; loops with the same head are one.

    `turns` tells of an edge back (from, head) how often the loop goes back at most; the largest counts of several edges
    to one head, and None when one of them has none.
    """
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
    return [
        Loop(head, body(head, ends, predecessors), most([turns(end, head) for end in ends]))
        for head, ends in tails.items()
    ]


def most(stated: Sequence[int | None]) -> int | None:
    known = [turns for turns in stated if turns is not None]
    return max(known) if len(known) == len(stated) else None


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
