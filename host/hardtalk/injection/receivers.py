"""What random messages are sent to, and what with: expressions that are evaluated anew for each message.

Drivers, the scheduler, the console, their classes and the classes of the kernel.
"""

from collections.abc import Sequence
from typing import Final

OBJECTS: Final = (
    "Processor", "Smalltalk", "Transcript", "Timer current", "SerialPort console", "SerialConsole current",
    "InterruptController current", "SecondaryInterruptController current", "Display", "Sensor", "Symbol registry",
    "Processor activeProcess", "thisContext", "thisContext sender", "Object methodDictionary",
    "(Object compiledMethodAt: #printString)", "3", "1.5", "(1 bitShift: 70)", "nil", "true", "$a", "'abc' copy",
    "#foo", "[ :x | x ]", "Object new", "Semaphore new", "Mutex new", "SharedQueue new", "[ ] newProcess",
    "(Delay forMilliseconds: 5)", "(Array new: 5)", "(1 to: 5)", "Set new", "Error new", "(Form extent: 8 @ 8)",
    "(Delay classPool at: #Server)", "(Delay classPool at: #Timer)", "(Timer current partAt: 6)",
    "(SerialConsole current partAt: 5)", "(Delay classPool at: #Server) suspendedContext", "Delay classPool",
    "(Smalltalk associationAt: #Processor)", "(Delay classPool associationAt: #Access)", "WeakRegistry default",
    "Symbol registry", "([ (Delay forMilliseconds: 500) wait ] fork)",
)  # fmt: skip
CLASSES: Final = (
    "Object", "Behavior", "Class", "Metaclass", "ClassBuilder", "CompiledMethod", "MethodDictionary", "MethodContext",
    "BlockClosure", "Process", "ProcessorScheduler", "Semaphore", "Mutex", "Delay", "SmallInteger", "String", "Symbol",
    "Array", "SystemDictionary", "SystemStartup", "Exception", "OutOfMemory", "UndefinedObject", "Timer", "Device",
    "RunningDevices", "InterruptController", "SerialPort", "SerialConsole", "Peripheral", "Registers", "CodeReader",
    "CodeInstallation", "NativeQueue", "NativeSemaphore", "NativeBlock", "NorFlash", "LcdController", "DisplayScreen",
    "BitBlt", "WeakArray", "TestRunner", "HeapAudit",
)  # fmt: skip
ARGUMENTS: Final = (
    "nil", "true", "0", "1", "-1", "3", "12", "16r1000", "1073741823", "(1 bitShift: 40)", "1.5", "$a", "'abc' copy",
    "#foo", "#printString", "[]", "[ :x | x ]", "Object new", "Object", "Processor", "Smalltalk", "#(1 2 3) copy",
    "(1 to: 3)", "Set new", "Semaphore new", "Processor activeProcess", "([ ] forkAt: 5)", "thisContext",
    "Timer current", "InterruptController current", "SerialPort console", "(3 @ 4)", "(Form extent: 8 @ 8)",
)  # fmt: skip
LEFT_OUT: Final = frozenset({"halt:", "interrupt"})
"""They do what they are for: the machine stops, and the request that is being served."""


def entry_for(receiver: str, selector: str, arguments: Sequence[str]) -> str:
    """The entry at the prompt that sends such a message."""
    return f"({receiver}) perform: #{selector} withArguments: {{ {'. '.join(arguments)} }}"
