"""ELF objects linked in: C functions as a native handler and as a native process; what cannot be linked is refused."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from hardtalk.bench import BootOptions, boot
from hardtalk.link import LinkError, read_object

SOURCES = Path(__file__).parent / "elf"
GCC = shutil.which("arm-none-eabi-gcc")
FLAGS = ("-c", "-O2", "-mcpu=arm926ej-s", "-mfloat-abi=soft", "-ffreestanding", "-fno-common")

pytestmark = pytest.mark.skipif(GCC is None, reason="arm-none-eabi-gcc is absent")


def compiled(folder: Path, *flags: str) -> Path:
    target = folder / "lamp.o"
    subprocess.run([str(GCC), *FLAGS, *flags, "-o", target, SOURCES / "lamp.c"], check=True)
    return target


def test_handler_and_process_in_c(tmp_path: Path) -> None:
    compiled(tmp_path, "-marm")
    shutil.copy(SOURCES / "CompiledTimer.class.st", tmp_path)
    evaluate = boot(BootOptions((tmp_path,))).console.evaluate
    assert "#lamp_interrupt #lamp_process" in evaluate("NativeRoutine names")
    evaluate("Smalltalk at: #T put: CompiledTimer start. (Delay forMilliseconds: 3) wait. T disable")
    count = int(evaluate("T nativeBlock at: 3"))
    assert count >= 29
    assert int(evaluate("T signals")) == count
    table, weights = (1, 2, 3, 4), (10, 20, 30, 40)
    assert int(evaluate("T nativeBlock at: 4")) == sum(table[i & 3] for i in range(1, count + 1))
    assert int(evaluate("T nativeBlock at: 5")) == weights[count & 3]
    evaluate("Smalltalk at: #S put: NativeSemaphore new; at: #B put: (Bitmap new: 2). B at: 1 put: S address")
    evaluate("Smalltalk at: #P put: (NativeProcess routine: #lamp_process argument: B priority: 50). P resume")
    assert evaluate("P state") == "#waiting"
    evaluate("3 timesRepeat: [ S signal ]")
    assert evaluate("B at: 2") == "14"
    evaluate("2 timesRepeat: [ S signal ]. P waitForEnd")
    assert evaluate("{ B at: 2. P state }") == "#(55 #ended)"


def test_thumb_code_is_refused(tmp_path: Path) -> None:
    with pytest.raises(LinkError) as refusal:
        read_object("lamp.o", compiled(tmp_path, "-mthumb").read_bytes())
    assert str(refusal.value) == "lamp.o: lamp_interrupt is Thumb code; compile with -marm -mcpu=arm926ej-s"


def test_what_is_no_object_is_refused() -> None:
    with pytest.raises(LinkError) as refusal:
        read_object("lamp.o", b"text")
    assert str(refusal.value).startswith("lamp.o: not an ELF object (")
