"""The debugger: a board's history forwards and backwards, GDB's remote protocol, and breakpoints of Smalltalk."""
