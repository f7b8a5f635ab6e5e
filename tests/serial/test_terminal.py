"""The pseudo-terminal passes every byte unchanged both ways."""

from __future__ import annotations

import os

from hardtalk.serial import PseudoTerminal

EVERY_BYTE = bytes(range(256))


def test_bytes_pass_unchanged() -> None:
    with PseudoTerminal() as terminal:
        program = os.open(terminal.name, os.O_RDWR | os.O_NOCTTY)
        try:
            assert terminal.read() == b""
            terminal.write(EVERY_BYTE)
            assert os.read(program, 1000) == EVERY_BYTE
            os.write(program, EVERY_BYTE)
            assert terminal.read() == EVERY_BYTE
        finally:
            os.close(program)


def test_what_nobody_takes_waits() -> None:
    with PseudoTerminal() as terminal:
        terminal.write(b"x" * 1_000_000)
        assert terminal.pending > 0
        program = os.open(terminal.name, os.O_RDWR | os.O_NOCTTY)
        try:
            taken = 0
            while taken < 1_000_000:
                taken += len(os.read(program, 65536))
                terminal.write(b"")
            assert terminal.pending == 0
        finally:
            os.close(program)
