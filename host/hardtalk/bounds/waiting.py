"""In what a driver's process waits for its line: the context of `Device>>serveInterrupts`, from which it goes on.

While a collection marks, each slot that this context has in use is looked at before the process goes on. How many these
are the image tells: the frame of the method that each driver's class understands, where it sends `wait`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from hardtalk.bounds.bytecode_flow import MethodFlow, Offset
from hardtalk.bounds.image import Image, Method, Oop
from hardtalk.vm.limits import CONTEXT_SCANNED

DEVICE: Final = "Device"
SERVE, WAIT = "serveInterrupts", "wait"


def drivers_in(image: Image) -> Iterator[tuple[str, Oop]]:
    """The classes below Device, by name."""
    for name, class_oop in sorted(image.classes.items()):
        if not name.endswith(" class") and name != DEVICE and image.inherits(class_oop, DEVICE):
            yield name, class_oop


def serving(image: Image, class_oop: Oop) -> Method:
    """What a driver's process does when its handler is written in Smalltalk."""
    found = image.find(image.symbols[SERVE], class_oop)
    assert found is not None
    return image.method(found.method, found.owner)


def waits_at(image: Image, method: Method) -> Offset:
    (wait,) = (
        each.offset
        for each in method.code
        if each.row.name == "sendNoArguments" and image.text(method.literals[each.operands[0]]) == WAIT
    )
    return wait


def waiting_slots(image: Image) -> int | None:
    """The most slots in use of any driver's context that waits; None where a driver has none, or one waits in a large
    context, which is not what the switch is counted for."""
    methods = {serving(image, class_oop).oop: serving(image, class_oop) for _, class_oop in drivers_in(image)}
    if not methods or any(each.is_large for each in methods.values()):
        return None
    return max(CONTEXT_SCANNED + each.temporaries + _depth(image, each) for each in methods.values())


def _depth(image: Image, method: Method) -> int:
    """How many words are on the stack while it waits: the receiver of `wait` on top."""
    flow = MethodFlow(method)
    wait = waits_at(image, method)
    depths, pending = {0: 0}, [0]
    while pending:
        instruction = flow.at[pending.pop()]
        popped, pushed = instruction.row.stack_effect(instruction.operands)
        for target in flow.successors(instruction):
            if target not in depths:
                depths[target] = depths[instruction.offset] - popped + pushed
                pending.append(target)
    return depths[wait]
