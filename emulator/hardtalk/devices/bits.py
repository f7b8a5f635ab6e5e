"""What bus accesses do to a register's bits, as its description says: stored, cleared by a one, set by a read, ..."""

from hardtalk.chip import ReadAction, Register, WriteAction


class BitBehaviour:
    """The bits of one register by what happens to them. Bits that no field names stay as they are."""

    __slots__ = ("_by_write", "_cleared_by_read", "_set_by_read", "_stored", "changes_on_read")

    def __init__(self, register: Register) -> None:
        self._stored = register.written_bits(WriteAction.MODIFY)
        by_action = {action: register.written_bits(action) for action in WriteAction if action != WriteAction.MODIFY}
        self._by_write = tuple((action, bits) for action, bits in by_action.items() if bits)
        self._cleared_by_read = register.read_bits(ReadAction.CLEAR)
        self._set_by_read = register.read_bits(ReadAction.SET)
        self.changes_on_read = bool(self._cleared_by_read | self._set_by_read)

    def after_write(self, old: int, written: int) -> int:
        """The value after a bus write."""
        new = (old & ~self._stored) | (written & self._stored)
        for action, bits in self._by_write:
            ones, zeros = written & bits, ~written & bits
            match action:
                case WriteAction.ONE_TO_CLEAR:
                    new &= ~ones
                case WriteAction.ONE_TO_SET:
                    new |= ones
                case WriteAction.ONE_TO_TOGGLE:
                    new ^= ones
                case WriteAction.ZERO_TO_CLEAR:
                    new &= ~zeros
                case WriteAction.ZERO_TO_SET:
                    new |= zeros
                case WriteAction.ZERO_TO_TOGGLE:
                    new ^= zeros
                case WriteAction.CLEAR:
                    new &= ~bits
                case WriteAction.SET:
                    new |= bits
        return new

    def after_read(self, old: int) -> int:
        """The value after a bus read, which answered the old one."""
        return (old & ~self._cleared_by_read) | self._set_by_read
