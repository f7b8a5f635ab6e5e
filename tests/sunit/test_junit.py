"""JUnit's XML, read back."""

from __future__ import annotations

from xml.etree.ElementTree import fromstring

from hardtalk.sunit.junit import junit
from hardtalk.sunit.outcomes import Outcome
from hardtalk.symbols.source_map import Place

OUTCOMES = [
    Outcome("LampTest", "testOn", cycles=2_500_000, printed="lit\x1b[0m\n", defined=Place("lamp/LampTest.class.st", 7)),
    Outcome("LampTest", "testOff", "failed", 'got 1, expected <0> & "no"', cycles=5_000_000),
    Outcome("LampTest", "testOil", "error", "no end after 20000 ms\nand more", place=Place("l.st", 3)),
    Outcome("LampTest", "testLater", "skipped", "not today"),
    Outcome("LampTest", "testKnown", "expectedFailure", "got 2"),
]


def test_every_kind() -> None:
    (suite,) = fromstring(junit(OUTCOMES, 200_000_000))
    attributes = {"name": "hardtalk", "tests": "5", "failures": "1", "errors": "1", "skipped": "2", "time": "0.037500"}
    assert suite.attrib == attributes
    passed, failed, error, skipped, expected = suite
    assert passed.attrib == {
        "classname": "LampTest", "name": "testOn", "file": "lamp/LampTest.class.st", "line": "7", "time": "0.012500",
    }  # fmt: skip
    assert [each.tag for each in passed] == ["system-out"]
    assert passed[0].text == "lit\N{REPLACEMENT CHARACTER}[0m\n"
    assert (failed[0].tag, failed[0].get("message")) == ("failure", 'got 1, expected <0> & "no"')
    assert (error[0].tag, error[0].get("message")) == ("error", "no end after 20000 ms")
    assert error[0].text == "l.st:3: no end after 20000 ms\nand more"
    assert skipped[0].attrib == {"message": "not today", "type": "skip"}
    assert expected[0].attrib == {"message": "got 2", "type": "xfail"}


def test_the_same_bytes_each_time() -> None:
    assert junit(OUTCOMES, 200_000_000) == junit(OUTCOMES, 200_000_000)
