"""The loops over memory that follow pointers one by one, compiled: they cannot be done on whole arrays.

Addresses are offsets in words from RAM's base where nothing else is said.
"""

from typing import Any, Final

from hardtalk.board.compiling import kept
from hardtalk.vm.object_format import HEADER_FIELDS, LARGEST_ORDER, ORDER_MASK, SMALLEST_ORDER, WORD_BYTES

_HEADER: Final = {field.constant: field.offset for field in HEADER_FIELDS}
FORMAT_WORD: Final = _HEADER["FormatOffset"] // WORD_BYTES
BLOCK_SHIFT: Final = 8 * (_HEADER["BlockOffset"] - _HEADER["FormatOffset"])
"""Where the block's byte with its order is."""


@kept
def walk_blocks(words: Any, start: int, end: int, bump_start: int, bump_end: int, found: Any) -> tuple[int, int]:
    """Step from block to block by their orders; the bump area's rest is no block. Fill `found` with word indices.

    Answers how many there are (more than `found` holds when it is too small) and where the walk ended: `end` when the
    blocks tile the region.
    """
    count = 0
    at = start
    while at < end:
        if at == bump_start and bump_start < bump_end:
            at = bump_end
            continue
        order = (words[at + FORMAT_WORD] >> BLOCK_SHIFT) & ORDER_MASK
        if order < SMALLEST_ORDER or order > LARGEST_ORDER:
            break
        size = 1 << (order - 2)
        if at & (size - 1) or at + size > end:
            break
        if count < len(found):
            found[count] = at
        count += 1
        at += size
    return count, at


@kept
def follow_ring(
    words: Any,
    begin: int,
    anchor: int,
    forward: int,
    backward: int,
    base: int,
    start: int,
    index_of: Any,
    ring_of: Any,
    ring: int,
) -> tuple[int, int, int, int]:
    """Follow a ring from `begin` to its anchor and write its number into `ring_of` for each object met.

    `forward` and `backward` are the word offsets of the links; `base` RAM's first address. Answers (objects met, kind
    of the first fault, word index of the object whose link it is, the address found there). Kinds: 0 none, 1 the link
    leads to no object, 2 to an object on this or another ring already, 3 the link back is wrong (following went on).
    """
    count = 0
    kind = 0
    where = 0
    value = 0
    at = begin
    while True:
        address = int(words[at + forward])
        following = (address - base) >> 2
        if following != anchor:
            granule = (following - start) >> (SMALLEST_ORDER - 2)
            if (
                address & ((1 << SMALLEST_ORDER) - 1)
                or granule < 0
                or granule >= len(index_of)
                or index_of[granule] < 0
            ):
                return count, 1, at, address
            if ring_of[index_of[granule]] != 0:
                return count, 2, at, address
        if kind == 0 and int(words[following + backward]) != base + 4 * at:
            kind, where, value = 3, following, int(words[following + backward])
        if following == anchor:
            return count, kind, where, value
        ring_of[index_of[granule]] = ring
        count += 1
        at = following


@kept
def spread(first: Any, targets: Any, class_index: Any, passes: Any, marked: Any, pending: Any, depth: int) -> int:
    """Mark everything that can be reached from the `depth` objects on the stack `pending` over objects that pass.

    Object i refers to targets[first[i]:first[i + 1]] and to its class; a target below 0 is no object. Only targets with
    passes[i] are marked and gone on from. Answers how many were marked.
    """
    count = 0
    while depth > 0:
        depth -= 1
        at = pending[depth]
        for position in range(first[at], first[at + 1] + 1):
            target = targets[position] if position < first[at + 1] else class_index[at]
            if target >= 0 and passes[target] and not marked[target]:
                marked[target] = True
                pending[depth] = target
                depth += 1
                count += 1
    return count
