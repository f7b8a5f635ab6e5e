"""The MediaWire controller of a board (docs/mediawire.md): registers, channels, interrupts, and the node in the ring.

**Time.** The n-th frame begins in the first cycle not before n / 48,000 of a second: no whole number of cycles, and
exact. The ring is moved on when somebody looks: at an access, and by an alarm at the next frame that can raise an
interrupt, or after a millisecond. So a frame costs the host little, and the guest cannot tell.

**Late service.** From the cycle in which the line rises the controller has room for 100 µs of frames. When INTSTATUS or
INTMASKED was not accessed by then, that is counted in LATE, and what comes in in the channels is lost, and silence is
sent, until it is.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import ClassVar

from hardtalk.chip import hal_folder
from hardtalk.devices import Alarm, BusMaster, Ticker
from hardtalk.mediawire.channel import WORD_BYTES, Channel
from hardtalk.mediawire.channels import Channels
from hardtalk.mediawire.message import EVERYBODY, MESSAGE_BYTES, TAKEN, Kind, Message
from hardtalk.mediawire.node import Node, identity_of
from hardtalk.mediawire.ring import Ring
from hardtalk.mediawire.service import Service
from hardtalk.mediawire.wire import FRAME_HERTZ

FIFO_MESSAGES = 8
LONGEST_BURST_FRAMES = 48
LONGEST_INTERVAL = 4
COUNT_MASK = (1 << 30) - 1
TAG_MASK = 0xFFFF
LAST_WORD = MESSAGE_BYTES // WORD_BYTES - 1
SERVING = ("INTSTATUS", "INTMASKED")


class Port(Node):
    """The controller's node."""

    def __init__(self, controller: "MediaWire", identity: int) -> None:
        super().__init__(identity, name="hardtalk")
        self.controller = controller

    def take(self, data: dict[int, int]) -> None:
        self.controller.frame_came(data)

    def give(self, data: dict[int, int]) -> None:
        self.controller.frame_goes(data)

    def missed(self) -> None:
        self.controller.frame_missed()

    def ring_changed(self) -> None:
        self.controller.ring_changed()

    def has_room(self, head: Message) -> bool:
        return self.controller.has_room

    def arrived(self, message: Message) -> None:
        self.controller.message_came(message)

    def returned(self, message: Message) -> None:
        self.controller.message_returned(message)


class MediaWire(BusMaster):
    """`serial` is the lower half of the identity. A subclass says by `peers` who else is in the ring, and by
    `prepare` what will happen to it.

    `ring` is the ring that the node is in while it is enabled: one of its own in loop-back, else `outside`, with the
    peers. While it is in another one or in none, time stands still for them. `edge` is the number of the latest frame,
    `frames` how many have come in, `interval` how many there are to one frame interrupt.
    """

    serial: ClassVar[int] = 0x000001
    unmodelled: ClassVar[Mapping[str, tuple[str, ...]]] = {}

    @classmethod
    def svd_path(cls) -> Path:
        return hal_folder() / "mediawire.svd"

    def peers(self) -> Sequence[Node]:
        """The other nodes, in the order in which frames pass them."""
        return ()

    def make_ring(self) -> Ring:
        return Ring(self.peers())

    def prepare(self, ring: Ring) -> None:
        """Plan what happens to the ring."""

    def reset(self) -> None:
        self.SERIAL.value = self.serial
        self.port = Port(self, identity_of(self.serial))
        self.outside = self.make_ring()
        self.prepare(self.outside)
        self.ring: Ring | None = None
        self.edge = self.frames = 0
        self.interval = 1
        self.channels = Channels()
        self.service = Service()
        self.received: list[Message] = []
        self.written: list[int] = [0] * (LAST_WORD + 1)
        self.scan_tag = self.found = 0
        self.alarm: Alarm | None = None

    # Time

    @property
    def edges(self) -> Ticker:
        return Ticker(self.clock, FRAME_HERTZ, 1)

    def catch_up(self) -> None:
        """Let the frames pass that have begun by now."""
        if self.ring is None:
            return
        last = self.edges.count()
        if self.edge == last:
            return
        ring = self.ring
        while self.edge < last:
            self.edge += 1
            ring.step()
        self.channels.end_burst(self.memory)
        self.EDGE.value = self.edges.cycle_of(last) * self.clock.rates["counter"] // self.clock.hertz & 0xFFFFFFFF
        self.set_alarm()

    def set_alarm(self) -> None:
        """For the next frame in which something can happen that raises an interrupt."""
        self.clock.cancel(self.alarm)
        self.alarm = None
        if self.ring is None:
            return
        frames = self.ring.frames_until_event(LONGEST_BURST_FRAMES)
        frames = self.channels.frames_until_event(frames)
        if self.INTENABLE.FRAME and not self.INTSTATUS.FRAME:
            frames = min(frames, self.interval - self.frames % self.interval)
        self.alarm = self.clock.at(self.edges.cycle_of(self.edge + frames), self.burst)

    def burst(self) -> None:
        self.alarm = None
        self.catch_up()

    # The bus

    def read_at(self, offset: int, size: int = 4) -> int:
        self.catch_up()
        if self.service.is_waited_for and self.register_at(offset) in SERVING:
            self.service.end(self.clock)
        return super().read_at(offset, size)

    def write_at(self, offset: int, value: int, size: int = 4) -> None:
        self.catch_up()
        if self.service.is_waited_for and self.register_at(offset) in SERVING:
            self.service.end(self.clock)
        super().write_at(offset, value, size)

    def after_write(self, register: str) -> None:
        if register in ("INTSTATUS", "INTENABLE"):
            self.report(is_served=register == "INTSTATUS")
        self.set_alarm()

    def report(self, is_served: bool = False) -> None:
        """Move the line. One that stays up after it was served waits for service once more."""
        level = self.on_read_INTMASKED() != 0
        if level and (is_served or not self.line.level):
            self.service.forget(self.clock)
            self.service.begin(self.clock, self.be_late)
        elif not level and self.line.level:
            self.service.forget(self.clock)
        self.line.level = level

    def be_late(self) -> None:
        """Nobody came in 100 µs: the frames up to here were held, those that follow are not."""
        self.catch_up()
        self.service.note_late()

    def interrupt(self, name: str) -> None:
        status = self.INTSTATUS
        if not getattr(status, name):
            setattr(status, name, 1)
            self.report()

    def on_read_INTMASKED(self) -> int:
        return int(self.INTSTATUS.value & self.INTENABLE.value)

    def on_write_CONTROL(self, value: int) -> None:
        before = self.CONTROL.ENABLE, self.CONTROL.LOOPBACK
        self.CONTROL.value = value & self.CONTROL.description.modelled_mask
        self.interval = 1 << min(int(self.CONTROL.INTERVAL), LONGEST_INTERVAL)
        self.port.may_be_master = bool(self.CONTROL.MAYMASTER)
        if before != (self.CONTROL.ENABLE, self.CONTROL.LOOPBACK):
            self.leave()
            if self.CONTROL.ENABLE:
                self.join(Ring() if self.CONTROL.LOOPBACK else self.outside)

    def join(self, ring: Ring) -> None:
        self.ring = ring
        self.edge = self.edges.count()
        ring.reach(self.edge)
        ring.insert(0, self.port)

    def leave(self) -> None:
        if self.ring is not None:
            self.ring.remove(self.port.identity)
            self.ring = None
            before = self.port.condition
            self.port.switched_on()
            if self.port.condition != before:
                self.ring_changed()

    def on_read_ASSERTED(self) -> int:
        return self.service.asserted & 0xFFFFFFFF

    def on_read_SERVICED(self) -> int:
        return self.service.serviced & 0xFFFFFFFF

    def on_read_WORST(self) -> int:
        return self.service.worst

    def on_write_WORST(self, _value: int) -> None:
        self.service.worst = self.service.worst_cycles = 0

    def on_read_LATE(self) -> int:
        return self.service.late

    def on_write_LATE(self, _value: int) -> None:
        self.service.late = 0

    # The ring

    def ring_changed(self) -> None:
        status, port = self.STATUS, self.port
        status.LOCKED, status.MASTER, status.BROKEN = port.is_locked, port.is_master, port.is_broken
        self.CHANGES.value = self.CHANGES.value + 1 & COUNT_MASK
        self.interrupt("RING")

    def frame_came(self, data: dict[int, int]) -> None:
        self.frames = self.frames + 1 & COUNT_MASK
        if self.channels.take(data, self.service.is_stalled):
            self.note_channels()
        if not self.frames % self.interval:
            self.interrupt("FRAME")

    def frame_goes(self, data: dict[int, int]) -> None:
        if self.channels.give(data, self.service.is_stalled, self.memory):
            self.note_channels()

    def frame_missed(self) -> None:
        if self.channels.miss():
            self.note_channels()

    def note_channels(self) -> None:
        channels, status = self.channels, self.STATUS
        if channels.have_overrun and not status.OVERRUN:
            status.OVERRUN = 1
        if channels.have_underrun and not status.UNDERRUN:
            status.UNDERRUN = 1
        if channels.have_reached:
            self.interrupt("THRESHOLD")

    def on_read_FRAMES(self) -> int:
        return self.frames

    # Channels

    def on_write_RXSLOT(self, slot: int, value: int) -> None:
        self.array("RXSLOT")[slot].value = value
        self.connect_slots()

    def on_write_TXSLOT(self, slot: int, value: int) -> None:
        self.array("TXSLOT")[slot].value = value
        self.connect_slots()

    def connect_slots(self) -> None:
        receiving = [cell.value for cell in self.array("RXSLOT")]
        sending = [cell.value for cell in self.array("TXSLOT")]
        self.channels.connect(receiving, sending)

    def setting(self, number: int, name: str) -> int:
        return int(self.array(f"CH_{name}")[number].value)

    def on_write_CH_CONTROL(self, number: int, value: int) -> None:
        """Switching on, even once more, begins with counts of 0."""
        self.switch_off(number)
        if value & 1:
            self.switch_on(number)
        self.connect_slots()

    def switch_on(self, number: int) -> None:
        base, length, read, write, threshold = (
            self.setting(number, name) for name in ("BASE", "LENGTH", "READ", "WRITE", "THRESHOLD")
        )
        is_fit = base % WORD_BYTES == 0 and self.memory.contains(base, WORD_BYTES * length)
        if length < 2 or not is_fit or max(read, write) >= length:
            self.STATUS.FAULT = 1
            return
        self.channels.active[number] = Channel(number, base, length, read, write, threshold)
        self.array("CH_CONTROL")[number].value = 1

    def switch_off(self, number: int) -> None:
        """Positions and counts stay to be read."""
        channel = self.channels.active.pop(number, None)
        self.array("CH_CONTROL")[number].value = 0
        if channel is not None:
            for name in ("READ", "WRITE", "OVERRUNS", "UNDERRUNS", "GAP"):
                self.array(f"CH_{name}")[number].value = getattr(channel, name.lower())

    def active_value(self, number: int, name: str) -> int:
        channel = self.channels.active.get(number)
        return self.setting(number, name) if channel is None else int(getattr(channel, name.lower()))

    def on_read_CH_READ(self, number: int) -> int:
        return self.active_value(number, "READ")

    def on_read_CH_WRITE(self, number: int) -> int:
        return self.active_value(number, "WRITE")

    def on_read_CH_OVERRUNS(self, number: int) -> int:
        return self.active_value(number, "OVERRUNS")

    def on_read_CH_UNDERRUNS(self, number: int) -> int:
        return self.active_value(number, "UNDERRUNS")

    def on_read_CH_GAP(self, number: int) -> int:
        return self.active_value(number, "GAP")

    def on_write_CH_READ(self, number: int, value: int) -> None:
        self.move(number, "READ", value)

    def on_write_CH_WRITE(self, number: int, value: int) -> None:
        self.move(number, "WRITE", value)

    def on_write_CH_THRESHOLD(self, number: int, value: int) -> None:
        self.array("CH_THRESHOLD")[number].value = value
        if number in self.channels.active:
            self.channels.active[number].threshold = value

    def move(self, number: int, name: str, value: int) -> None:
        channel = self.channels.active.get(number)
        if channel is None:
            self.array(f"CH_{name}")[number].value = value
        elif value < channel.length:
            setattr(channel, name.lower(), value)
        else:
            self.STATUS.FAULT = 1
            self.switch_off(number)
            self.connect_slots()

    def on_read_REACHED(self) -> int:
        return self.channels.take_reached()

    # Messages

    @property
    def has_room(self) -> bool:
        return len(self.received) < FIFO_MESSAGES

    def message_came(self, message: Message) -> None:
        self.received.append(message)
        self.interrupt("COMMAND")
        if message.kind == Kind.ANSWER and message.tag == self.scan_tag and self.STATUS.SCANNING:
            self.found += 1
            self.ask()

    def message_returned(self, message: Message) -> None:
        """What nobody took comes back to the one who sent it; a question that nobody answers any more ends the scan."""
        if message.kind == Kind.QUESTION:
            self.STATUS.SCANNING = 0
            self.SCAN.value = self.found
            self.interrupt("SCAN")
        elif not message.status & TAKEN:
            self.received.append(message)
            self.interrupt("COMMAND")

    def on_write_SCAN(self, _value: int) -> None:
        self.scan_tag = self.scan_tag + 1 & TAG_MASK
        self.found = 0
        self.STATUS.SCANNING = 1
        self.ask()

    def ask(self) -> None:
        self.port.mail.send(Message(Kind.QUESTION, EVERYBODY, self.port.identity, self.scan_tag))

    def on_read_FIFO(self) -> int:
        free = max(FIFO_MESSAGES - len(self.port.mail.outbox), 0)
        return len(self.received) | free << self.FIFO.description.field("FREE").lsb

    def on_write_TX(self, place: int, value: int) -> None:
        self.written[place] = value
        if place == LAST_WORD:
            self.send(Message.of_bytes(b"".join(word.to_bytes(4, "little") for word in self.written)))

    def send(self, message: Message) -> None:
        """A message without room is lost, as FIFO.FREE says before."""
        if len(self.port.mail.outbox) < FIFO_MESSAGES:
            self.port.mail.send(Message(message.kind, message.to, self.port.identity, message.tag, message.text))

    def on_read_RX(self, place: int) -> int:
        if not self.received:
            return 0
        data = self.received[0].bytes
        if place == LAST_WORD:
            del self.received[0]
        return int.from_bytes(data[4 * place : 4 * place + 4], "little")
