"""The Smalltalk front end: text to syntax trees, and trees to Squeak V3 bytecodes.

Both languages of the project are read here: Smalltalk, which `compiler` turns into compiled methods, and Slang, which
has Smalltalk's syntax and is compiled to ARM elsewhere. The package knows nobody else in the project. The arrows are

    Tonel or chunk file -> scanner -> parser -> ast -> scope -> compiler -> assembler -> CompiledMethodSpec

and each has a printer beside its reader: `printer` for trees, `tonel` and `chunk` for files, `disassembler` for
bytecodes.
Every complaint about text is a `SourceError`, which names file, line and column and says what to do.
"""
