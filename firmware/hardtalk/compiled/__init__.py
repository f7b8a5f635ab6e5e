"""Smalltalk methods as machine code: what the VM's back end is given for the methods that a build compiles.

`marking` puts bytecode 139 into a method's verified bytecodes wherever its code can be entered; `pieces` writes for
each such place the Slang that does the same as the bytecodes from there on; `program` chooses the methods and makes one
Slang class of all pieces. docs/compiled-methods.md is the meaning.
"""

from hardtalk.compiled.program import CompiledMethods, NoSuchClass, compiled_methods

__all__ = ["CompiledMethods", "NoSuchClass", "compiled_methods"]
