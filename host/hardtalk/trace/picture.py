"""A picture (SVG) of a short part of a recording: a row a track, bars for slices, marks for instants, a scale.

Made for one interrupt's way from the raised line to the handler's access. `spans` are named stretches of time, drawn as
a row of their own under the tracks.
"""

from collections.abc import Sequence
from html import escape

from hardtalk.trace.recording import Recording, Slice

WIDTH, LEFT, RIGHT, TOP = 1100, 170, 30, 40
ROW, BAR = 34, 18
COLOURS = ("#3b6ea5", "#a5683b", "#4f8f5b", "#8a5aa5", "#b0484e", "#5c7f8a")
SCALE_STEPS = 8
NARROWEST_LABEL = 60


def picture(recording: Recording, start: int, end: int, title: str, spans: Sequence[Slice] = ()) -> str:
    part = recording.between(start, end)
    tracks = [track for track in part.tracks.values() if track.slices or track.instants]
    height = TOP + ROW * (len(tracks) + bool(spans)) + 50
    scale = (WIDTH - LEFT - RIGHT) / max(end - start, 1)

    def at(cycle: int) -> float:
        return LEFT + (cycle - start) * scale

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" '
        'font-family="system-ui, sans-serif" font-size="11">',
        f'<rect width="{WIDTH}" height="{height}" fill="white"/>',
        f'<text x="{LEFT}" y="20" font-size="14">{escape(title)}</text>',
    ]
    colours: dict[str, str] = {}

    def bar(each: Slice, y: int) -> str:
        colour = colours.setdefault(each.name, COLOURS[len(colours) % len(COLOURS)])
        x, width = at(each.start), max(at(each.end) - at(each.start), 1)
        text = f'<rect x="{x:.1f}" y="{y}" width="{width:.1f}" height="{BAR}" fill="{colour}">'
        cycles = each.end - each.start
        text += f"<title>{escape(each.name)}: {cycles:,} cycles from {each.start - start:,}</title></rect>"
        if width >= NARROWEST_LABEL:
            text += f'<text x="{x + 3:.1f}" y="{y + 13}" fill="white">{escape(each.name[: int(width / 6)])}</text>'
        return text

    for row, track in enumerate(tracks):
        y = TOP + ROW * row
        parts.append(f'<text x="4" y="{y + 13}">{escape(track.name[:26])}</text>')
        parts += [bar(each, y) for each in track.slices]
        for instant in track.instants:
            x = at(instant.cycle)
            parts.append(
                f'<path d="M {x:.1f} {y - 4} l 4 6 l -4 6 l -4 -6 z" fill="#c22">'
                f"<title>{escape(instant.name)} at {instant.cycle - start:,}</title></path>"
            )
    if spans:
        y = TOP + ROW * len(tracks)
        parts.append(f'<text x="4" y="{y + 13}">cycles</text>')
        for each in spans:
            parts.append(bar(Slice(f"{each.name} {each.end - each.start:,}", each.start, each.end), y))
    base = height - 34
    parts.append(f'<line x1="{LEFT}" y1="{base}" x2="{WIDTH - RIGHT}" y2="{base}" stroke="black"/>')
    for step in range(SCALE_STEPS + 1):
        cycle = start + (end - start) * step // SCALE_STEPS
        tenths_ns = (cycle - start) * 10**10 // recording.hertz
        parts.append(f'<line x1="{at(cycle):.1f}" y1="{base}" x2="{at(cycle):.1f}" y2="{base + 4}" stroke="black"/>')
        parts.append(
            f'<text x="{at(cycle):.1f}" y="{base + 16}" text-anchor="middle">{cycle - start:,}</text>'
            f'<text x="{at(cycle):.1f}" y="{base + 29}" text-anchor="middle">{tenths_ns / 10**4:.2f} µs</text>'
        )
    return "\n".join([*parts, "</svg>"]) + "\n"
