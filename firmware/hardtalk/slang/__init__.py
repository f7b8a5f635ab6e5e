"""The Slang compiler: Smalltalk-syntax system code to ARM machine code.

The stages, each with a printed form: Tonel classes -> `component_sends` (one flat program, sends to `self` only) ->
`program` (declarations, call graph) -> `lower` (IR, with inlining and folding) -> `optimise` -> `select` (machine
instructions on virtual registers) -> `allocate` (registers) -> `polish` (addressing with write-back, conditional
execution) -> `schedule` (load delays) -> `emit` (words, relocations, lines).
The same method also runs in `simulate` (host) and `interpret` (IR); `docs/slang.md` is the meaning all three share.
"""

from hardtalk.slang.compile import CompiledProgram, Relocation, Routine, compile_program

__all__ = ["CompiledProgram", "Relocation", "Routine", "compile_program"]
