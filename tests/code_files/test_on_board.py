"""Code files loaded on the board: what is in them works; what is wrong is one message, and nothing has changed."""

from __future__ import annotations

import pytest
from tests.code_files.loading import HEADER_BYTES, LAMP, compiled, load, put, refusal, with_records

from hardtalk.bench import Bench, BenchError
from hardtalk.serial import ClassModel
from hardtalk.serial.code_file import code_file


def test_classes_and_extensions_are_loaded(bench: Bench, model: ClassModel) -> None:
    put(bench, compiled(LAMP, model))
    assert load(bench) == "{Lamp. Torch}"
    assert bench.console.evaluate(
        "Lamp make. { Lamp make level. (7 @ 8) lamp level. Lamp count. Torch make level }"
    ) == ("#(2 7 3 100)")
    assert bench.console.evaluate("{ Lamp category. Lamp superclass. Torch class superclass. Lamp subclasses }") == (
        "{#Lamps. Object. Lamp class. {Torch}}"
    )
    assert bench.console.evaluate("{ Lamp == (Smalltalk at: #Lamp). HeapAudit runPass }") == "#(true 0)"


def test_the_prompt_goes_on_with_what_was_loaded(bench: Bench, model: ClassModel) -> None:
    put(bench, compiled(LAMP, model))
    bench.console.evaluate("Lamp")  # the name is used before there is a class
    load(bench)
    assert bench.console.evaluate("Lamp make level") == "1"


def test_loaded_again_nothing_is_lost(bench: Bench, model: ClassModel) -> None:
    put(bench, compiled(LAMP, model))
    load(bench)
    bench.console.evaluate("Kept := Torch make. Kept battery")
    put(bench, compiled(LAMP.replace("level ^ super level", "level ^ 2 * super level"), model))
    load(bench)
    assert bench.console.evaluate("{ Kept class == Torch. Kept level. Lamp count }") == "#(true 200 1)"


def test_classes_are_defined_anew_with_their_subclasses(bench: Bench, model: ClassModel) -> None:
    put(bench, compiled(LAMP, model))
    load(bench)
    bench.console.evaluate("Kept := Torch make. Kept battery")
    put(bench, compiled(LAMP.replace("'level'", "'colour level'").replace("'battery'", "'kind battery'"), model))
    load(bench)
    assert bench.console.evaluate("{ Kept class == Torch. Kept level. Torch allInstVarNames. Lamp count }") == (
        "#(true 100 #('colour' 'level' 'kind' 'battery') 1)"
    )
    assert bench.console.evaluate("Lamp make. { Lamp count. Torch make level. HeapAudit runPass }") == "#(2 200 0)"


def test_a_new_class_below_one_that_is_defined_anew(bench: Bench, model: ClassModel) -> None:
    put(bench, compiled(LAMP, model))
    load(bench)
    more = "Lamp subclass: #Candle instanceVariableNames: 'wax' classVariableNames: '' package: 'Lamps'!\n"
    more += "!Candle methodsFor: 'x'!\nwax ^ wax! wax: x wax := x! burn ^ super level - wax! !\n"
    more += "!Candle class methodsFor: 'x'!\nmake ^ super make wax: 3; yourself! !\n"
    put(bench, compiled(LAMP.replace("'level'", "'colour level'") + more, model))
    assert load(bench) == "{Lamp. Torch. Candle}"
    assert bench.console.evaluate("{ Candle make burn. Candle superclass == Lamp. Lamp subclasses size }") == (
        "#(-2 true 2)"
    )


def test_a_class_is_initialized_when_it_is_loaded(bench: Bench, model: ClassModel) -> None:
    source = LAMP + "!Lamp class methodsFor: 'x'!\ninitialize Count := 100! !\n"
    put(bench, compiled(source, model))
    load(bench)
    assert bench.console.evaluate("Lamp make. Lamp count") == "101"
    put(bench, compiled(source.replace("Count := 100", "self foo"), model))
    with pytest.raises(
        BenchError, match="it is loaded, but Lamp class>>initialize failed: MessageNotUnderstood: Lamp class does not"
    ):
        load(bench)


def test_a_global_that_nobody_declared_is_told(bench: Bench, model: ClassModel) -> None:
    put(bench, compiled(LAMP + "!Lamp methodsFor: 'x'!\nlost ^ NoSuchThing! !\n", model))
    bench.console.prompt.enter("CodeFile load: 'test.code'. 7")
    said = "".join(getattr(each, "text", "") for each in bench.console.events())
    assert said == "warning: NoSuchThing was not declared; it is a global variable now, with the value nil\n7"
    assert bench.console.evaluate("Lamp new lost") == "nil"


def test_what_is_no_code_file(bench: Bench) -> None:
    put(bench, b"Hello, world! This is a text of some length.\n")
    assert refusal(bench) == ("CodeFileError: test.code: this is no code file; make one with hardtalk build --code")
    put(bench, b"")
    assert refusal(bench) == "CodeFileError: test.code: the file is cut short; send it again"


def test_a_file_of_another_format(bench: Bench, model: ClassModel) -> None:
    put(bench, compiled(LAMP, model).replace(b"code 0002", b"code 000A"))
    assert refusal(bench) == (
        "CodeFileError: test.code: its format is version 10, this firmware reads version 2; "
        "make it anew with the hardtalk that made the firmware"
    )


def test_a_file_for_another_virtual_machine(bench: Bench, model: ClassModel) -> None:
    data = compiled(LAMP, model)
    machine = data[19:27].decode()
    put(bench, data[:19] + b"0000000F" + data[27:])
    assert refusal(bench) == (
        f"CodeFileError: test.code: it was compiled for another virtual machine (0000000F, not {machine}); "
        "make it anew with the hardtalk that made the firmware"
    )


@pytest.mark.parametrize("size", [1, HEADER_BYTES - 1, HEADER_BYTES, 300, -1, -9, -10])
def test_a_file_that_is_cut_short(bench: Bench, model: ClassModel, size: int) -> None:
    put(bench, compiled(LAMP, model)[:size])
    assert refusal(bench) == "CodeFileError: test.code: the file is cut short; send it again"


@pytest.mark.parametrize("place", [HEADER_BYTES, 200, 700, -12, -5])
def test_a_damaged_file(bench: Bench, model: ClassModel, place: int) -> None:
    data = bytearray(compiled(LAMP, model))
    data[place] ^= 1
    put(bench, bytes(data))
    message = refusal(bench)
    assert message.startswith("CodeFileError: test.code: ") and message.endswith("; send it again")


def test_more_behind_the_end(bench: Bench, model: ClassModel) -> None:
    put(bench, compiled(LAMP, model) + b"x")
    assert "check sum" in refusal(bench)


def test_a_superclass_that_is_missing(bench: Bench, model: ClassModel) -> None:
    put(bench, with_records(compiled(LAMP, model), b"#'Lamp'\n#'Object'", b"#'Lamp'\n#'Obstac'"))
    assert refusal(bench) == (
        "CodeFileError: test.code: there is no class Obstac, the superclass of Lamp; load it first"
    )


def test_a_superclass_with_other_variables(bench: Bench, model: ClassModel) -> None:
    """Methods refer to variables by their numbers."""
    put(bench, compiled(LAMP, model), "lamp.code")
    load(bench, "lamp.code")
    other = ClassModel()
    other.take(model)
    compiled_with = LAMP.replace("'level'", "'colour level'").split("Lamp subclass: #Torch")[0]
    code_file([(compiled_with, "test.st")], other)
    torch = "Lamp subclass: #Torch instanceVariableNames: 'battery' classVariableNames: '' package: 'Lamps'!\n"
    put(bench, code_file([(torch, "test.st")], other).data)
    assert refusal(bench) == (
        "CodeFileError: test.code: Lamp has the variables level, where this was compiled it had colour level"
    )
    put(bench, code_file([("!Lamp methodsFor: 'x'!\ndim level := 0! !\n", "test.st")], other).data)
    assert refusal(bench) == (
        "CodeFileError: test.code: Lamp has the variables level, where this was compiled it had colour level"
    )


def test_bytecodes_that_the_verifier_refuses(bench: Bench, model: ClassModel) -> None:
    put(bench, with_records(compiled(LAMP, model), b"'\x00\x7c'", b"'\x88\x7c'"))
    assert refusal(bench).startswith("CodeFileError: test.code: code, at character ")


def test_a_variable_that_instances_do_not_have(bench: Bench, model: ClassModel) -> None:
    put(bench, with_records(compiled(LAMP, model), b"'\x00\x7c'", b"'\x05\x7c'"))
    assert refusal(bench) == ("CodeFileError: test.code: Lamp>>level uses variable 6, instances of Lamp have 1")


def test_a_class_of_the_firmware_is_not_defined_anew(bench: Bench, model: ClassModel) -> None:
    source = "Object subclass: #Mutey instanceVariableNames: 'a' classVariableNames: '' package: 'x'!"
    put(bench, with_records(compiled(source, model), b"#'Mutey'", b"#'Mutex'"))
    assert "Mutex came with the firmware" in refusal(bench)


def test_a_definition_that_is_refused_because_a_method_runs(bench: Bench, model: ClassModel) -> None:
    """Of two classes that would be defined anew, the second cannot be; neither is."""
    source = LAMP + "!Torch methodsFor: 'x'!\nwaitOn: s s wait. ^ battery! !\n"
    put(bench, compiled(source, model))
    load(bench)
    bench.console.evaluate("Gate := Semaphore new. [ Torch make waitOn: Gate ] fork. (Delay forMilliseconds: 20) wait")
    put(bench, compiled(source.replace("'battery'", "'kind battery'"), model))
    assert "Torch cannot be defined anew while" in refusal(bench)


def test_a_name_that_is_taken(bench: Bench, model: ClassModel) -> None:
    bench.console.evaluate("Smalltalk at: #Torch put: 3")
    put(bench, compiled(LAMP, model))
    assert refusal(bench) == (
        "CodeFileError: test.code: there is a global variable Torch, which is no class; remove it"
    )


def test_no_file(bench: Bench) -> None:
    assert refusal(bench, "none.code") == "FileDoesNotExist: there is no file none.code"


def test_a_process_that_is_ended_while_it_loads(bench: Bench, model: ClassModel) -> None:
    """At many moments, most of them while classes and methods are installed: all is there or nothing."""
    put(bench, compiled(LAMP, model))
    bench.console.evaluate(
        """| tell |
        tell := [ { Smalltalk includesKey: #Lamp. Smalltalk includesKey: #Torch.
            Object subclasses anySatisfy: [ :each | each name == #Lamp ]. Point includesSelector: #lamp } ].
        Found := Bag new.
        20000 to: 40000 by: 200 do: [ :moment | | process |
            process := [ CodeFile load: 'test.code' ] forkAt: Processor userBackgroundPriority.
            (Delay forMicroseconds: moment) wait.
            process terminate.
            Found add: tell value asArray printString.
            Smalltalk at: #Torch ifPresent: [ :class | class removeFromSystem ].
            Smalltalk at: #Lamp ifPresent: [ :class | class removeFromSystem ].
            Point removeSelector: #lamp ]"""
    )
    assert bench.console.evaluate("Found size") == "101"
    whole, nothing = "#(true true true true)", "#(false false false false)"
    count = int(bench.console.evaluate(f"Found occurrencesOf: '{whole}'"))
    assert 10 < count < 90
    assert bench.console.evaluate(f"Found occurrencesOf: '{nothing}'") == str(101 - count)
    assert bench.console.evaluate("HeapAudit runPass") == "0"
