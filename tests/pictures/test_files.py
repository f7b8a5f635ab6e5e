"""Pictures in files: what the board writes Pillow reads, and the other way round; garbage is one clear error."""

from __future__ import annotations

import io
import random
import struct
from collections.abc import Callable, Iterable

import numpy as np
from PIL import Image

from hardtalk.bench import Bench
from hardtalk.devices import CfiFlash
from hardtalk.flash import Volume
from hardtalk.power_cuts.judges import held_by

WIDTH, HEIGHT = 45, 3
"""No row is whole bytes below 8 bits, nor whole words above."""
KINDS = {
    "1.bmp": ("1", "BMP"), "gray.bmp": ("L", "BMP"), "colors.bmp": ("P", "BMP"), "24.bmp": ("RGB", "BMP"),
    "32.bmp": ("RGBA", "BMP"), "1.pbm": ("1", "PPM"), "gray.pgm": ("L", "PPM"), "24.ppm": ("RGB", "PPM"),
}  # fmt: skip
"""Modes of Pillow, and the format."""


def flash_of(bench: Bench) -> CfiFlash:
    flash = bench.board.device("FLASH")
    assert isinstance(flash, CfiFlash)
    return flash


def picture(mode: str, seed: int) -> Image.Image:
    chance = np.random.default_rng(seed)
    if mode == "1":
        return Image.fromarray(chance.integers(0, 2, (HEIGHT, WIDTH)).astype(bool))
    if mode == "L":
        return Image.fromarray(chance.integers(0, 256, (HEIGHT, WIDTH), np.uint8))
    if mode == "P":
        made = Image.fromarray(chance.integers(0, 200, (HEIGHT, WIDTH), np.uint8), "P")
        made.putpalette(chance.integers(0, 256, 600, np.uint8).tobytes())
        return made
    channels = 3 if mode == "RGB" else 4
    return Image.fromarray(chance.integers(0, 256, (HEIGHT, WIDTH, channels), np.uint8), mode)


def file_of(image: Image.Image, kind: str) -> bytes:
    stream = io.BytesIO()
    image.save(stream, kind)
    return stream.getvalue()


def colors(data: bytes) -> list[list[list[int]]]:
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGB")).tolist()


def mount(bench: Bench, files: dict[str, bytes]) -> Callable[[str], str]:
    volume = Volume(flash_of(bench).contents, is_new=True)
    for name, data in files.items():
        volume.write(name, data)
    bench.console.evaluate("FlashVolumeDevice mount")
    return bench.console.evaluate


def test_what_pillow_writes_the_board_reads_and_writes_again(bench: Bench) -> None:
    given = {name: picture(mode, seed) for seed, (name, (mode, _)) in enumerate(KINDS.items())}
    evaluate = mount(bench, {name: file_of(given[name], kind) for name, (_, kind) in KINDS.items()})
    depths = evaluate(
        f"""{literal(given)} collect: [ :each | | form |
        form := Form fromFileNamed: each.
        form writeBMPfileNamed: each , '.b'.
        PNMReadWriter putForm: form onFileNamed: each , '.p'.
        form depth ]"""
    )
    assert depths == "#(32 32 32 32 32 1 32 32)"
    written = held_by(flash_of(bench).contents)
    for name, image in given.items():
        expected = np.asarray(image.convert("RGB")).tolist()
        for end in ("b", "p"):
            data = written[f"{name}.{end}"]
            assert data is not None and colors(data) == expected, (name, end)


DEPTHS = {1: (1, 1), 2: (4, 32), 4: (4, 32), 8: (8, 32), 16: (16, 32), 32: (32, 32)}
"""Of a form; of what its BMP file and its PNM file become."""
FORMS = f"""| seed | seed := 1.
#(1 2 4 8 16 32) collect: [ :depth | | form again other wide name |
    name := depth printString.
    form := Form extent: {WIDTH} @ {HEIGHT} depth: depth.
    1 to: form bits size do: [ :index |
        seed := seed * 1103515245 + 12345 bitAnd: 16r3FFFFFFF.
        form bits at: index put: (seed * 17 bitAnd: 16rFFFFFFFF) ].
    form writeBMPfileNamed: name , '.bmp'. PNMReadWriter putForm: form onFileNamed: name , '.pnm'.
    again := Form fromFileNamed: name , '.bmp'. other := Form fromFileNamed: name , '.pnm'.
    wide := form asFormOfDepth: 32.
    {{ again depth. other depth.
       (0 to: 44) allSatisfy: [ :x | (form pixelValueAt: x @ 2) = (again pixelValueAt: x @ 2) ].
       wide bits asArray }} ]"""


def test_what_the_board_writes_pillow_reads(bench: Bench) -> None:
    """The same colors as on the board; what the board reads again has the same pixels, where nothing was lost."""
    answer = mount(bench, {})(FORMS)
    written = held_by(flash_of(bench).contents)
    for text, (depth, read) in zip(answer[3:].split(") #("), DEPTHS.items(), strict=True):
        first, second, same, words = text.replace("#(", "").strip("()").split(" ", 3)
        assert (int(first), int(second)) == read
        assert same == "true" or depth == 32
        pixels = np.array([int(each) for each in words.split()], np.uint32).reshape(HEIGHT, WIDTH)
        expected = np.stack([pixels >> shift & 255 for shift in (16, 8, 0)], axis=2)
        for end in ("bmp", "pnm"):
            data = written[f"{depth}.{end}"]
            assert data is not None
            found = np.array(colors(data))
            if (depth, end) == (16, "bmp"):
                found &= 0xF8
            assert (found == expected).all(), (depth, end)


def bmp(bits: int, palette: bytes, pixels: bytes, **changes: int) -> bytes:
    """3 by 2 pixels; the header's fields can be given."""
    field = {"offset": 54 + len(palette), "size": 40, "width": 3, "height": 2, "compression": 0, "colors": 0} | changes
    header = struct.pack("<2sIIIIiiHHIIIIII", b"BM", 0, 0, field["offset"], field["size"], field["width"],
                         field["height"], 1, bits, field["compression"], 0, 0, 0, field["colors"], 0)  # fmt: skip
    return header + palette + pixels


ROWS = bytes(range(24))
GOOD = {
    "topdown.bmp": bmp(24, b"", ROWS, height=-2),
    "old.bmp": b"BM" + struct.pack("<IIIIHHHH", 0, 0, 26, 12, 3, 2, 1, 24) + ROWS,
    "four.bmp": bmp(4, bytes(range(32)), bytes([0x12, 0x30, 0, 0, 0x45, 0x60, 0, 0]), colors=8),
    "gap.bmp": bmp(24, b"", b"---" + ROWS, offset=57),
    "text.pbm": b"P1 # bits\n3 2\n101 0\n1 0",
    "text.pgm": b"P2 3 2 15\n0 1 2\n3 4 15",
    "text.ppm": b"P3\n3 2\n#\n255\n" + b" ".join(str(each).encode() for each in range(18)),
}
MESSAGES = {
    "empty": (b"", "no picture begins with"),
    "png": (b"\x89PNG", "no picture begins with"),
    "cut": (bmp(24, b"", ROWS)[:30], "the file ends too early"),
    "short": (bmp(24, b"", ROWS[:-1]), "BMPReadWriter: the file is too short for 3@2"),
    "wide": (bmp(24, b"", ROWS, width=1 << 30), "BMPReadWriter: a picture of 1073741824@2"),
    "negative": (bmp(24, b"", ROWS, width=-3), "a picture of"),
    "flat": (bmp(24, b"", ROWS, height=0), "BMPReadWriter: a picture of 3@0"),
    "deep": (bmp(7, b"", ROWS), "BMPReadWriter: 7 bits a pixel"),
    "packed": (bmp(8, bytes(1024), ROWS, compression=1), "BMPReadWriter: compression 1"),
    "masks": (bmp(16, bytes(12), ROWS, compression=3), "BMPReadWriter: colors of unusual masks"),
    "inside": (bmp(24, b"", ROWS, offset=20), "pixels that begin within the header"),
    "colors": (bmp(8, bytes(1024), ROWS, colors=257), "BMPReadWriter: a palette of 257 colors"),
    "few": (bmp(8, bytes(80), ROWS, colors=21), "BMPReadWriter: a palette that is cut off"),
    "large": (b"P6 16000 16000 255 ...", "PNMReadWriter: the file is too short for 16000@16000"),
    "word": (b"P6 3 x 255\n" + ROWS, "PNMReadWriter: a number was expected"),
    "many": (b"P6 99999999999 3 255\n" + ROWS, "PNMReadWriter: a number above 65535"),
    "bright": (b"P5 3 2 65535\n" + ROWS, "PNMReadWriter: colors up to 65535"),
    "above": (b"P2 3 2 15\n0 1 2\n3 4 16", "PNMReadWriter: a color above 15"),
    "bit": (b"P1 3 2 102102", "PNMReadWriter: a bit was expected"),
    "remark": (b"P1 3 # no end", "PNMReadWriter: the file ends too early"),
}


def test_unusual_files_and_garbage(bench: Bench) -> None:
    """Garbage: one error each that says what is wrong, and random changes of good files end in no other."""
    chance = random.Random(13)
    changed = {}
    for count in range(40):
        data = bytearray(GOOD[chance.choice(list(GOOD))])
        for _ in range(chance.randrange(1, 4)):
            data[chance.randrange(len(data))] = chance.choice((0, 1, 255, chance.randrange(256)))
        changed[f"x{count}"] = bytes(data[: chance.choice((len(data), chance.randrange(len(data))))])
    wrong = {name: data for name, (data, _) in MESSAGES.items()}
    evaluate = mount(bench, GOOD | wrong | changed)
    answer = evaluate(
        f"""({literal(wrong)} , {literal(changed)}) collect: [ :each |
        [ PNMReadWriter putForm: (Form fromFileNamed: each) onFileNamed: 'made'. '' ]
            on: ImageFormatError do: [ :error | error messageText ] ]"""
    )
    found = answer[3:-2].split("' '")
    assert len(found) == len(wrong) + len(changed)
    for (name, (_, message)), text in zip(MESSAGES.items(), found, strict=False):
        assert message in text, name
    assert 10 < sum(text == "" for text in found) < 40
    evaluate(
        f"{literal(GOOD)} do: [ :each | PNMReadWriter putForm: (Form fromFileNamed: each) onFileNamed: each , '.p' ]"
    )
    refused = evaluate(
        """[ (Form extent: 0 @ 3) writeBMPfileNamed: 'text.ppm' ]
            on: ImageFormatError do: [ :error | error messageText ]"""
    )
    assert refused == "'BMPReadWriter: a picture of 0@3'"
    written = held_by(flash_of(bench).contents)
    assert written["text.ppm"] == GOOD["text.ppm"], "a form that is refused costs no file"
    for name, data in GOOD.items():
        again = written[f"{name}.p"]
        assert again is not None and colors(again) == colors(data), name


def test_a_palette_that_says_too_little(bench: Bench) -> None:
    """Its colors are the system's first ones; a pixel behind them is black, not the system's color."""
    palette = bytes([255, 255, 255, 0, 0, 0, 0, 0])
    file = bmp(4, palette, bytes([0x01, 0x50, 0, 0] * 2), colors=2)
    answer = bench.console.evaluate(
        f"""| form | form := Form fromBinaryStream: (ReadStream on: #[{" ".join(map(str, file))}]).
        (0 to: 2) asArray collect: [ :x | (form colorAt: x @ 0) printString ]"""
    )
    assert answer == "#('Color r: 1 g: 1 b: 1' 'Color r: 0 g: 0 b: 0' 'Color r: 0 g: 0 b: 0')"


def literal(names: Iterable[str]) -> str:
    return "#(" + " ".join(f"'{name}'" for name in names) + ")"
