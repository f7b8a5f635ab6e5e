"""Where the routines of the bytecodes begin: whoever comes by one of these carries out a bytecode."""

from functools import cache
from typing import Final

from hardtalk.symbols.errors import SymbolError
from hardtalk.symbols.source_map import SourceMap
from hardtalk.vm.constants import BYTECODE_COUNT
from hardtalk.vm.object_format import WORD_BYTES

DISPATCH_TABLE: Final = "dispatchTable"


@cache
def bytecode_routines(source_map: SourceMap) -> frozenset[int]:
    table = source_map.address_of(DISPATCH_TABLE)
    if table is None:
        raise SymbolError(f"the firmware lacks {DISPATCH_TABLE}", "Build it with hardtalk build.")
    data = source_map.read(table, BYTECODE_COUNT * WORD_BYTES)
    return frozenset(int.from_bytes(data[at : at + WORD_BYTES], "little") for at in range(0, len(data), WORD_BYTES))
