"""The stack of the Smalltalk process that runs on a stopped board: methods, lines, and variables by their names.

Read from outside, from the virtual machine's registers and the contexts in RAM. Names come from the sources, in the
places that the compiler gives them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from hardtalk.debugger.code_map import CodeMap, WithNode, environment_of, first_bytecode
from hardtalk.debugger.objects import LITERAL_COUNT, Objects
from hardtalk.serial import ClassModel
from hardtalk.serial.wording import OUTERMOST_CONTEXT
from hardtalk.smalltalk.bindings import Scope
from hardtalk.smalltalk.bytecodes import BY_OPCODE
from hardtalk.smalltalk.scope import Analysis
from hardtalk.smalltalk.verifier import TRAILER_BYTES
from hardtalk.symbols.source_map import Place
from hardtalk.vm.constants import PINNED_REGISTERS
from hardtalk.vm.object_format import BODY_OFFSET, SLOTS

MOST_FRAMES: Final = 1_000
SENDER, PC, METHOD, CLOSURE, RECEIVER, TEMPORARIES = (
    SLOTS["Context"].index(each) for each in ("Sender", "Pc", "Method", "Closure", "Receiver", "Temporaries")
)
START_PC: Final = SLOTS["Closure"].index("StartPc")
MAKES_CLOSURE: Final = "pushClosure"
ENTERS_CODE: Final = "enterCode"


@dataclass(frozen=True)
class Frame:
    """An activation of a method, or of a block in it. `ip` is its bytecode."""

    context: int
    method: int
    ip: int
    closure: int
    receiver: int
    name: str
    place: Place | None
    is_block: bool

    def __str__(self) -> str:
        block = "[] in " if self.is_block else ""
        return f"{block}{self.name}" + (f" ({self.place})" if self.place is not None else "")


def down_to_entry(frames: Iterable[Frame]) -> Iterator[Frame]:
    """Without the contexts of the board's console below what was entered."""
    for frame in frames:
        yield frame
        if frame.name == OUTERMOST_CONTEXT:
            return


class Frames:
    """Reads the stack. `methods` are the sources, by name as `Foo class>>bar:`."""

    def __init__(self, objects: Objects, code: CodeMap, model: ClassModel, methods: Mapping[str, WithNode]) -> None:
        self.objects = objects
        self.code = code
        self.source_map = code.source_map
        self.model = model
        self.methods = methods

    @property
    def is_in_vm(self) -> bool:
        """Whether the registers are the virtual machine's: native code and handlers have their own."""
        number = self.source_map.facts.pinned["vmState"]
        return self.objects.board.cpu.register(number) == self.source_map.address_of("vmState")

    def stack(self) -> Iterator[Frame]:
        """The running process's, the innermost first."""
        if not self.is_in_vm:
            return
        register = self.objects.board.cpu.register
        yield from self.stack_from(register(PINNED_REGISTERS["context"]), register(PINNED_REGISTERS["ip"]))

    def stack_from(self, context: int, ip: int) -> Iterator[Frame]:
        """A process's, from that context on, which executes that bytecode next."""
        for _ in range(MOST_FRAMES):
            yield self.frame(context, ip)
            context = self.objects.slot(context, SENDER)
            if context & 3 or context == 0 or self.objects.is_nil(context):
                return
            ip = self.objects.slot(context, PC)

    def frame(self, context: int, ip: int) -> Frame:
        slot = self.objects.slot
        method, closure = slot(context, METHOD), slot(context, CLOSURE)
        known = self.code.method_at(ip)
        is_block = not self.objects.is_nil(closure)
        return Frame(
            context, method, ip, closure, slot(context, RECEIVER), self.objects.method_name(method),
            None if known is None else known.place(ip), is_block,
        )  # fmt: skip

    def variables(self, frame: Frame) -> dict[str, int]:
        """Parameters and temporaries that the frame sees, by name, the innermost first."""
        scope = self.scope(frame)
        if scope is None:
            return {}
        found: dict[str, int] = {}
        for temporary, index in scope.slots.items():
            value = self.objects.slot(frame.context, TEMPORARIES + index)
            vector = temporary.scope.vector
            if temporary is not vector:
                found.setdefault(temporary.name, value)
                continue
            for each in temporary.scope.names.values():
                if each.is_remote and not self.objects.is_nil(value):
                    found.setdefault(each.name, self.objects.slot(value, each.index))
        return found

    def fields(self, oop: int) -> dict[str, int]:
        """An object's variables, by name."""
        name = self.objects.class_name(oop)
        if oop & 1:
            return {}
        shapes = self.model.superclasses(name)
        names = [each for shape in shapes for each in shape.instance_variables]
        return {each: self.objects.slot(oop, index) for index, each in enumerate(names)}

    def variables_of_receiver(self, frame: Frame) -> list[str]:
        """Those that the frame's method names, of the receiver, in order."""
        return list(environment_of(frame.name, self.model).instance_variables)

    def class_binding(self, method: int) -> int:
        """The association of the class that the method is for: its last literal."""
        return self.objects.slot(method, LITERAL_COUNT.take(self.objects.slot(method, 0)))

    def scope(self, frame: Frame) -> Scope | None:
        """The method's or the block's, None where the source is not known."""
        known = self.code.source(frame.method) or self.methods.get(frame.name)
        if known is None:
            return None
        analysis = Analysis(known.node, environment_of(frame.name, self.model))
        activations = [each for each in analysis.scopes.values() if not each.is_inlined]
        if not frame.is_block:
            return activations[0]
        starts = list(self.closure_starts(frame.method))
        start = self.objects.slot(frame.closure, START_PC) >> 1
        if start not in starts or len(starts) != len(activations) - 1:
            return None
        return activations[1 + starts.index(start)]

    def closure_starts(self, method: int) -> Iterator[int]:
        """Where the blocks of a method begin, in the order of the text, as distances from its oop."""
        for address in self.bytecodes(method):
            row = BY_OPCODE[self.objects.board.ram.read(address, 1)[0]]
            if row.name == MAKES_CLOSURE:
                yield address + row.size - method

    def is_machine_code(self, ip: int) -> bool:
        """Whether the method of that bytecode was compiled to ARM, so that its bytecodes are not what is executed."""
        method = self.code.method_at(ip)
        if method is None:
            return False
        first = self.objects.board.ram.read(next(self.bytecodes(method.address)), 1)[0]
        return BY_OPCODE[first].name == ENTERS_CODE

    def bytecodes(self, method: int) -> Iterator[int]:
        """The addresses of its bytecodes."""
        end = method + BODY_OFFSET + self.objects.size(method) - TRAILER_BYTES
        address = first_bytecode(self.objects, method)
        while address < end:
            yield address
            address += BY_OPCODE[self.objects.board.ram.read(address, 1)[0]].size
