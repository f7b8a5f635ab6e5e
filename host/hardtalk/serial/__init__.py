"""The host's end of the serial line: frames, compiled code as text, and a prompt that needs no particular transport.

    model = ClassModel(definitions)              the classes of the firmware, as `hardtalk.smalltalk.tonel` reads them
    prompt = Prompt(model, session)              session: a word of its own, at random where chance is allowed
    prompt.enter("3 + 4")                        compiles and queues; raises SourceError with file, line and caret
    line.write(prompt.take_outgoing())           bytes to send now
    for event in prompt.receive(line.read()):    ConsoleText, Result, Failure, NotUnderstood, Held, Pong, ...
    prompt.is_busy                               a request has no reply yet
    prompt.enter_script(text, file)              chunk format, Tonel or GNU syntax; every chunk is an entry
    prompt.interrupt()                           ends what runs on the board
    prompt.send_again()                          after a silence: a request, or its reply, may have been lost

`terminal.PseudoTerminal` gives the raw line to ordinary terminal programs. docs/serial.md has the formats.
"""

from hardtalk.serial.class_model import ClassModel
from hardtalk.serial.frames import SESSION_BITS, ConsoleText, Frame, FrameReader, encode_frame
from hardtalk.serial.prompt import Event, Failure, Held, NotUnderstood, Pong, Prompt, Refused, Result, Warned
from hardtalk.serial.terminal import PseudoTerminal

__all__ = [
    "SESSION_BITS",
    "ClassModel",
    "ConsoleText",
    "Event",
    "Failure",
    "Frame",
    "FrameReader",
    "Held",
    "NotUnderstood",
    "Pong",
    "Prompt",
    "PseudoTerminal",
    "Refused",
    "Result",
    "Warned",
    "encode_frame",
]
