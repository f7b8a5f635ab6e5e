"""Which key of the board's keyboard a key of the browser's is, by its place (`KeyboardEvent.code`), not its label."""

from collections.abc import Mapping
from typing import Final

LETTERS: Final = {f"Key{letter.upper()}": letter for letter in "abcdefghijklmnopqrstuvwxyz"}
DIGITS: Final = {f"Digit{digit}": digit for digit in "0123456789"}
FUNCTIONS: Final = {f"F{number}": f"f{number}" for number in range(1, 13)}
OTHERS: Final = {
    "Backquote": "`", "Minus": "-", "Equal": "=", "BracketLeft": "[", "BracketRight": "]", "Backslash": "\\",
    "Semicolon": ";", "Quote": "'", "Comma": ",", "Period": ".", "Slash": "/", "Space": " ",
    "Tab": "tab", "Backspace": "backspace", "Enter": "enter", "NumpadEnter": "enter",
    "Escape": "escape", "CapsLock": "caps",
    "ShiftLeft": "shift", "ShiftRight": "right-shift", "ControlLeft": "control", "ControlRight": "right-control",
    "AltLeft": "alt", "AltRight": "right-alt",
    "ArrowUp": "up", "ArrowDown": "down", "ArrowLeft": "left", "ArrowRight": "right", "Home": "home", "End": "end",
    "PageUp": "page-up", "PageDown": "page-down", "Insert": "insert", "Delete": "delete",
}  # fmt: skip
KEYS: Final[Mapping[str, str]] = LETTERS | DIGITS | FUNCTIONS | OTHERS
