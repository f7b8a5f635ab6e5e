"""What a PL110 makes of memory, pixel by pixel in plain Python, after the tables of ARM DDI 0161, section 2.2."""

Color = tuple[int, int, int]


def word_of(memory: bytes, bit: int) -> int:
    return int.from_bytes(memory[bit // 32 * 4 :][:4], "little")


def pixel(memory: bytes, index: int, depth: int, big_bytes: bool, big_pixels: bool) -> int:
    if depth == 24:
        return word_of(memory, index * 32) & 0xFFFFFF
    word, place = word_of(memory, index * depth), index * depth % 32
    if big_bytes and depth >= 8:
        lowest = 32 - depth - place
    elif depth >= 8:
        lowest = place
    else:
        byte, inside = divmod(place, 8)
        if big_bytes:
            byte = 3 - byte
        lowest = 8 * byte + (8 - depth - inside if big_pixels else inside)
    return word >> lowest & ((1 << depth) - 1)


def spread(part: int, width: int) -> int:
    """To 8 bits: the highest bits again in the lowest."""
    return part << 8 - width | part >> 2 * width - 8


def color(value: int, widths: tuple[int, int, int], bgr: bool) -> Color:
    red = spread(value & (1 << widths[0]) - 1, widths[0])
    green = spread(value >> widths[0] & (1 << widths[1]) - 1, widths[1])
    blue = spread(value >> widths[0] + widths[1] & (1 << widths[2]) - 1, widths[2])
    return (blue, green, red) if bgr else (red, green, blue)


def panel(memory: bytes, size: int, depth: int, order: tuple[bool, bool], bgr: bool, palette: list[int], mode: int
          ) -> list[Color]:  # fmt: skip
    """`size` pixels; the palette is of words."""
    colors = []
    for index in range(size):
        value = pixel(memory, index, depth, *order)
        if depth <= 8:
            word = palette[value // 2]
            upper = bool(value & 1) != order[0]
            colors.append(color(word >> (16 if upper else 0) & 0x7FFF, (5, 5, 5), bgr))
        elif depth == 24:
            colors.append(color(value, (8, 8, 8), bgr))
        elif mode == 1:
            colors.append(color(value, (5, 5, 5), bgr))
        else:
            colors.append(color(value, (5, 6, 5), bgr or mode == 3))
    return colors
