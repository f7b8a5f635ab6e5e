"""The channels that are switched on, and the slots that they take words from and put words into."""

from collections.abc import Iterable, Sequence

from hardtalk.devices.bus_master import Memory
from hardtalk.mediawire.channel import Channel

NO_CHANNEL = 63


class Channels:
    """`active` by number. `receiving` and `sending` are pairs of slot and channel, in the order of slots."""

    def __init__(self) -> None:
        self.active: dict[int, Channel] = {}
        self.receiving: list[tuple[int, Channel]] = []
        self.sending: list[tuple[int, Channel]] = []

    def connect(self, receiving: Iterable[int], sending: Iterable[int]) -> None:
        """The slot maps: for each slot the number of its channel."""
        self.receiving = self._pairs(receiving)
        self.sending = self._pairs(sending)

    def _pairs(self, numbers: Iterable[int]) -> list[tuple[int, Channel]]:
        return [(slot, self.active[number]) for slot, number in enumerate(numbers) if number in self.active]

    # One frame. Each answers whether a channel has something to tell

    def take(self, data: dict[int, int], is_stalled: bool) -> bool:
        """A frame has come in. A slot that nobody fills brings nothing."""
        has_news = False
        for slot, channel in self.receiving:
            word = data.get(slot)
            if word is None:
                continue
            if is_stalled:
                channel.lose()
            else:
                channel.put(word)
            has_news |= channel.has_reached or channel.is_losing
        return has_news

    def give(self, data: dict[int, int], is_stalled: bool, memory: Memory) -> bool:
        """A frame goes out."""
        has_news = False
        for slot, channel in self.sending:
            if is_stalled:
                channel.be_silent()
                data[slot] = 0
            else:
                data[slot] = channel.next(memory)
            has_news |= channel.has_reached or channel.is_losing
        return has_news

    def miss(self) -> bool:
        """No frame came. What is to be sent waits."""
        for _, channel in self.receiving:
            channel.lose()
        return self.have_overrun

    def end_burst(self, memory: Memory) -> None:
        for channel in self.active.values():
            channel.end_burst(memory)

    # Interrupts

    @property
    def have_reached(self) -> bool:
        return any(channel.has_reached for channel in self.active.values())

    @property
    def have_overrun(self) -> bool:
        return any(channel.is_losing for _, channel in self.receiving)

    @property
    def have_underrun(self) -> bool:
        return any(channel.is_losing for _, channel in self.sending)

    def take_reached(self) -> int:
        """The lowest channel that has reached its threshold or begun to lose words; it is forgotten."""
        for number in sorted(self.active):
            if self.active[number].has_reached:
                self.active[number].has_reached = False
                return number
        return NO_CHANNEL

    def frames_until_event(self, most: int) -> int:
        """In how many frames, up to `most`, a channel may reach its threshold or lose its first word."""
        for channel, slots in counted(self.receiving):
            most = min(most, *frames_of([channel.threshold - channel.words, channel.room + 1], slots, most))
        for channel, slots in counted(self.sending):
            most = min(most, *frames_of([channel.words - channel.threshold, channel.words + 1], slots, most))
        return most


def counted(pairs: Sequence[tuple[int, Channel]]) -> list[tuple[Channel, int]]:
    """The channels, each with the number of its slots."""
    slots: dict[int, int] = {}
    for _, channel in pairs:
        slots[channel.number] = slots.get(channel.number, 0) + 1
    return [(channel, slots.pop(channel.number)) for _, channel in pairs if channel.number in slots]


def frames_of(counts: Sequence[int], slots: int, most: int) -> list[int]:
    """The frames in which so many words are moved; none for what is past."""
    return [-(-words // slots) if words > 0 else most for words in counts]
