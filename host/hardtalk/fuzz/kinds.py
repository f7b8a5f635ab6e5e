"""The table of kinds. Arguments are missing: who has the commands adds them (`hardtalk.fuzz.arguments`)."""

from hardtalk.fuzz import binaries, code, files, line, texts
from hardtalk.fuzz.kind import Kind


def kinds() -> dict[str, Kind]:
    """By name, in the order in which a campaign goes through them."""
    found = (
        Kind("tonel", texts.tonel_examples, texts.attempt_tonel, texts.CLASS_FILE),
        Kind("chunk", texts.chunk_examples, texts.attempt_chunk, texts.SCRIPT_FILE),
        Kind("slang", texts.slang_examples, texts.attempt_slang, texts.CLASS_FILE),
        Kind("svd", files.svd_examples, files.attempt_svd, files.STEM),
        Kind("board", files.board_examples, files.attempt_board, files.STEM),
        Kind("baseline", files.baseline_examples, files.attempt_baseline, files.BASELINE_OPTION),
        Kind("object", binaries.object_examples, binaries.attempt_object, binaries.OBJECT_FILE, is_text=False),
        Kind("firmware", binaries.firmware_examples, binaries.attempt_firmware, is_text=False),
        Kind("serial", line.answer_examples, line.attempt_answers, is_text=False),
        Kind("code", code.code_examples, code.attempt_code, code.CODE_FILE, is_text=False, is_on_board=True),
        Kind("records", code.record_examples, code.attempt_records, code.CODE_FILE, is_on_board=True),
    )
    return {kind.name: kind for kind in found}
