"""A small bar chart as PNG, drawn by hand: mail programs show no SVG, and a drawing library would weigh too much.

Each bar is a day: what was answered in time below, what was answered late on top.
"""

import struct
import zlib
from collections.abc import Sequence

WIDTH, HEIGHT = 1104, 240  # pixels: shown at half of it, sharp on a telephone
GAP = 8
PAPER, AXIS, IN_TIME, LATE = (255, 255, 255), (200, 206, 211), (46, 125, 104), (179, 38, 30)

Colour = tuple[int, int, int]


def draw(bars: Sequence[tuple[int, int]]) -> bytes:
    """The PNG of (in time, late) for each day."""
    highest = max((good + late for good, late in bars), default=0) or 1
    step = WIDTH // max(len(bars), 1)
    room = HEIGHT - 4  # the axis
    columns: list[list[tuple[int, Colour]]] = []  # of each bar: heights from the bottom, with their colours
    for good, late in bars:
        low = round(good / highest * room)
        columns.append([(low, IN_TIME), (round((good + late) / highest * room), LATE)])
    rows = [_row(columns, step, HEIGHT - 4 - y) for y in range(HEIGHT - 4)] + [bytes(AXIS * WIDTH)] * 4
    return _png(rows)


def _row(columns: Sequence[Sequence[tuple[int, Colour]]], step: int, height: int) -> bytes:
    pixels = bytearray()
    for column in columns:
        colour = next((colour for top, colour in column if height <= top), PAPER)
        pixels += bytes(colour * (step - GAP) + PAPER * GAP)
    return bytes(pixels.ljust(WIDTH * 3, b"\xff"))


def _png(rows: Sequence[bytes]) -> bytes:
    """Eight bits a channel, no transparency (PNG, W3C 2003, 11.2)."""
    header = struct.pack(">IIBBBBB", WIDTH, len(rows), 8, 2, 0, 0, 0)
    data = zlib.compress(b"".join(b"\0" + row for row in rows), 9)
    parts = ((b"IHDR", header), (b"IDAT", data), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, content) for kind, content in parts)


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
