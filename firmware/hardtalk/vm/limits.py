"""Greatest numbers of turns, of words and of parts that follow from other facts, for Slang's `<bound: #Name>` and
`words: #Name`. A number that only the VM decides stands in hardtalk.vm.constants.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from hardtalk.smalltalk.bytecodes import BYTECODES
from hardtalk.smalltalk.verifier import MOST_FRAMES
from hardtalk.vm.native import NATIVE_ARGUMENT_PLACES
from hardtalk.vm.object_format import LARGEST_ORDER, METHOD_HEADER, SMALLEST_ORDER, WORD_BYTES
from hardtalk.vm.special_objects import SPECIAL_OBJECT_COUNT

_WORD_SHIFT: Final = WORD_BYTES.bit_length() - 1
_FIELD_BITS: Final = {bits.name: bits.width for bits in METHOD_HEADER}


CONTEXT_SCANNED: Final = 3
"""The slots of a context that are scanned besides its frame: method, closure and receiver."""
VM_CONTEXT_WORDS: Final = 2
"""What a context of the VM's own method has besides a receiver and its arguments: selector and their number."""


def greatest(name: str) -> int:
    """The greatest number in a field of a method's header."""
    return (1 << _FIELD_BITS[name]) - 1


def pairs(count: int) -> int:
    """How many pairs these are; a row that is compared two at a time has an even number."""
    if count % 2:
        raise ValueError(f"{count} words are compared two at a time: make that an even number")
    return count // 2


def limits(sizes: Mapping[str, int]) -> dict[str, int]:
    """The limits by name; `sizes` are the VM's own (hardtalk.vm.constants.VM_CONSTANTS)."""
    orders = LARGEST_ORDER - SMALLEST_ORDER + 1
    quick_orders = sizes["LargestQuickOrder"] - SMALLEST_ORDER + 1
    chunk_order = sizes["LargestReserveOrder"] - sizes["ReserveChunksShift"]
    return {
        # Blocks: how often one is halved, and how many the memory can be divided into.
        "BlockOrders": orders,
        "MostSplits": orders - 1,
        "FreeListWords": LARGEST_ORDER + 1,
        "RegionParts": 2 * (LARGEST_ORDER + 1),
        "RegionObjects": 1 << (LARGEST_ORDER - SMALLEST_ORDER),
        "RegionWords": 1 << (LARGEST_ORDER - _WORD_SHIFT),
        "QuickOrders": quick_orders,
        "QuickSplits": quick_orders - 1,
        "BumpRests": sizes["LargestBumpOrder"] - SMALLEST_ORDER,
        "MostMerges": sizes["LargestMergedOrder"] - SMALLEST_ORDER,
        "QuickListShift": sizes["QuickBucketsShift"] + _WORD_SHIFT,
        "QuickListWords": quick_orders << sizes["QuickBucketsShift"],
        "ReadyBlocks": sizes["BatchBlocks"] << 2,
        "ReserveChunks": 1 << sizes["ReserveChunksShift"],
        "ChunkPlaces": 2 << sizes["ReserveChunksShift"],
        "MostChunkSplits": chunk_order - SMALLEST_ORDER,
        "ChunkBlocks": 1 << (chunk_order - SMALLEST_ORDER),
        # One turn more than there is work for: it finds that, and ends.
        "WakeTurns": sizes["WakesAtOnce"] + 1,
        # Copying and filling, eight words a turn.
        "FillTurns": max(sizes["LargeFillBytes"], sizes["FillStepBytes"], sizes["ConstantFillBytes"]) >> 5,
        "TemporariesFillTurns": greatest("TemporaryCount") >> 3,
        "CopyTurns": max(sizes["CloneBytes"], sizes["PieceElements"] << 2, sizes["ExchangeLimitBytes"] >> 1) >> 5,
        "ComparedPairs": max(pairs(NATIVE_ARGUMENT_PLACES), pairs(SPECIAL_OBJECT_COUNT)),
        "HalfNearClassDepth": pairs(sizes["NearClassDepth"]),
        "ShadedSlots": sizes["LargeContextFrame"] + CONTEXT_SCANNED,
        "FewShadedSlots": sizes["SmallContextFrame"] + CONTEXT_SCANNED + VM_CONTEXT_WORDS,
        "PieceWords": sizes["MakingPieceBytes"] >> 2,
        # Tables of pairs.
        "AwaitedWords": 2 * sizes["AwaitedEntries"],
        "GoalWords": 2 * sizes["GoalEntries"],
        "PairWords": 2 * sizes["ForwardsAtOnce"],
        # Large integers: the words of two operands' result, and pieces of work in bytes.
        "DigitBufferWords": sizes["LargeIntegerWords"] + 4,
        "CombinedWords": sizes["LargeIntegerWords"] + 1,
        "DivisorBufferWords": sizes["DivisorWords"] + 2,
        "DivisorBytes": sizes["DivisorWords"] << _WORD_SHIFT,
        "PieceBytes": sizes["LargeIntegerWords"] << _WORD_SHIFT,
        "DivisorsInPiece": sizes["LargeIntegerWords"] // sizes["DivisorWords"],
        "DividendWords": sizes["DivisorWords"] + sizes["QuotientWords"] - 1,
        # Bytes of strings, four words or four bytes a turn.
        "ComparedRounds": sizes["ComparedBytes"] >> 4,
        "HashedRounds": sizes["HashedHalf"] >> 2,
        "ExchangeTurns": sizes["ExchangeLimitBytes"] >> _WORD_SHIFT + 3,
        "FewExchangeTurns": sizes["ExchangeLimitBytes"] >> _WORD_SHIFT + 4,
        # Methods: what their headers and instructions can say.
        "MostTemporaries": greatest("TemporaryCount"),
        "MostOperandBytes": max(row.size for row in BYTECODES) - 1,
        "BindingWords": greatest("LiteralCount") + 1 >> 5,
        "BindingMarkWords": 2 * (greatest("LiteralCount") + 1 >> 5),
        "FrameWords": (MOST_FRAMES + 1) * sizes["FrameBytes"] >> _WORD_SHIFT,
    }
