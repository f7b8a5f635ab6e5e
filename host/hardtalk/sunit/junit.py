"""Outcomes as JUnit's XML, which continuous integration reads.

Times are the board's, so that the same tests give the same bytes. An expected failure counts as skipped, as for pytest.
"""

from collections.abc import Sequence
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from hardtalk.sunit.outcomes import ERROR, EXPECTED, FAILED, SKIPPED, Outcome

ELEMENTS = {FAILED: ("failure", ""), ERROR: ("error", ""), SKIPPED: ("skipped", "skip"), EXPECTED: ("skipped", "xfail")}
"""What tells of an outcome, and of which type it is said to be."""
COUNTED = {"failures": (FAILED,), "errors": (ERROR,), "skipped": (SKIPPED, EXPECTED)}
REPLACEMENT = "\N{REPLACEMENT CHARACTER}"


def junit(outcomes: Sequence[Outcome], hertz: int) -> bytes:
    """A document with one suite. `hertz` are the board's cycles a second."""
    suites = Element("testsuites")
    suite = SubElement(suites, "testsuite", name="hardtalk", tests=str(len(outcomes)))
    for name, kinds in COUNTED.items():
        suite.set(name, str(sum(each.kind in kinds for each in outcomes)))
    suite.set("time", seconds(sum(each.cycles for each in outcomes), hertz))
    for each in outcomes:
        add_case(suite, each, hertz)
    indent(suites)
    document: bytes = tostring(suites, encoding="utf-8", xml_declaration=True)
    return document + b"\n"


def add_case(suite: Element, outcome: Outcome, hertz: int) -> None:
    case = SubElement(suite, "testcase", classname=outcome.class_name, name=outcome.selector)
    if outcome.defined is not None:
        case.set("file", outcome.defined.file)
        case.set("line", str(outcome.defined.line))
    case.set("time", seconds(outcome.cycles, hertz))
    if outcome.kind in ELEMENTS:
        tag, kind = ELEMENTS[outcome.kind]
        told = SubElement(case, tag, message=in_xml(outcome.first_line))
        if kind:
            told.set("type", kind)
        told.text = in_xml(outcome.trace)
    if outcome.printed:
        SubElement(case, "system-out").text = in_xml(outcome.printed)


def seconds(cycles: int, hertz: int) -> str:
    return f"{cycles / hertz:.6f}"


def in_xml(text: str) -> str:
    """Without the characters that XML has no way to write."""
    return "".join(each if is_in_xml(ord(each)) else REPLACEMENT for each in text)


def is_in_xml(code: int) -> bool:
    return code in (9, 10, 13) or 0x20 <= code < 0xD800 or 0xE000 <= code < 0xFFFE or code > 0xFFFF
