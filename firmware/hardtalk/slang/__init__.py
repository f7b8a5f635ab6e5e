"""The Slang compiler: Smalltalk-syntax system code to ARM machine code.

The stages: Tonel classes -> `component_sends` (one flat program, sends to `self` only) -> `program` (declarations,
call graph) -> `check` (a `tree` of resolved names and types, or all errors) -> `lower` (IR, with inlining and folding)
-> `optimise` -> `select` (machine instructions on virtual registers) -> `allocate` (registers) -> `polish` (addressing
with write-back, conditional execution) -> `schedule` (load delays) -> `emit` (words, relocations, lines). The tree also
runs in `simulate` (host), the IR in `interpret`; `docs/slang.md` is the meaning all three share.

Facts lie in four tables: `operators` (what Slang's own messages are), `operations` (the IR), `conditions`, and the
operations of `machine`.
"""

from hardtalk.slang.arguments import CONTENTS, Argument
from hardtalk.slang.compile import CompiledProgram, Relocation, Routine, compile_program

__all__ = ["CONTENTS", "Argument", "CompiledProgram", "Relocation", "Routine", "compile_program"]
