"""Writing zlib streams by hand, so that tests can use codes that no compressor makes. Format: RFC 1951."""

from __future__ import annotations

import struct
import zlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from random import Random

END_OF_BLOCK = 256
LITERALS, DISTANCES = 286, 30
LENGTH_ORDER = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15]
# The extra bits of the symbols, and what those count from.
LENGTH_EXTRA = [*(max(0, (at - 4) // 4) for at in range(28)), 0]
LENGTH_FIRST = [*(3 + sum(1 << extra for extra in LENGTH_EXTRA[:at]) for at in range(28)), 258]
DISTANCE_EXTRA = [max(0, at // 2 - 1) for at in range(DISTANCES)]
DISTANCE_FIRST = [1 + sum(1 << extra for extra in DISTANCE_EXTRA[:at]) for at in range(DISTANCES)]


def codes(lengths: list[int]) -> dict[int, tuple[int, int]]:
    """The code of each symbol that has a length, the way it is written, and the length."""
    given, code = {}, 0
    for length in range(1, 16):
        for symbol, wanted in enumerate(lengths):
            if wanted == length:
                given[symbol] = (int(f"{code:0{length}b}"[-length:][::-1], 2), length)
                code += 1
        code <<= 1
    return given


def complete_lengths(dice: Random, symbols: list[int], total: int) -> list[int]:
    """Lengths of a complete code of some symbols, two at least; long ones, often."""
    lengths, steep = [1, 1], dice.random()
    while len(lengths) < len(symbols):
        most = max(length for length in lengths if length < 15)
        at = dice.choice([at for at, length in enumerate(lengths) if length < 15])
        if dice.random() < steep:
            at = lengths.index(most)
        lengths[at] += 1
        lengths.append(lengths[at])
    dice.shuffle(lengths)
    given = [0] * total
    for symbol, length in zip(symbols, lengths, strict=True):
        given[symbol] = length
    return given


def packed(*fields: tuple[int, int]) -> bytes:
    """Values of so many bits each, the lowest bits first."""
    value = at = 0
    for field, count in fields:
        value |= field << at
        at += count
    return value.to_bytes((at + 7) // 8, "little")


def wrap(deflated: bytes, content: bytes | bytearray) -> bytes:
    """The stream of what is deflated already."""
    return b"\x78\x9c" + deflated + struct.pack(">I", zlib.adler32(content))


class Block:
    """A last block that brings its own codes, given by their lengths, and what it inflates to."""

    def __init__(self, literal: list[int], distance: list[int]) -> None:
        self.content = bytearray()
        self._fields: list[tuple[int, int]] = []
        self.literals, self.distances = codes(literal), codes(distance)
        for value, count in ((1, 1), (2, 2), (len(literal) - 257, 5), (len(distance) - 1, 5), (15, 4)):
            self.add(value, count)
        for symbol in LENGTH_ORDER:
            self.add(4 if symbol < 16 else 0, 3)
        plain = codes([4] * 16)
        for length in literal + distance:
            self.add(*plain[length])

    def add(self, value: int, count: int) -> None:
        self._fields.append((value, count))

    def literal(self, byte: int) -> None:
        self.add(*self.literals[byte])
        self.content.append(byte)

    def match(self, length: int, more: int, distance: int, further: int) -> None:
        """Copies what lies before: symbols that count from 0, and the value of the extra bits of each."""
        self.add(*self.literals[END_OF_BLOCK + 1 + length])
        self.add(more, LENGTH_EXTRA[length])
        self.add(*self.distances[distance])
        self.add(further, DISTANCE_EXTRA[distance])
        back = DISTANCE_FIRST[distance] + further
        for _ in range(LENGTH_FIRST[length] + more):
            self.content.append(self.content[-back] if back <= len(self.content) else 0)

    def stream(self) -> bytes:
        """A stream of the block as it is now."""
        return wrap(packed(*self._fields, self.literals[END_OF_BLOCK]), self.content)


def random_block(dice: Random, most: int) -> Block:
    """Up to `most` bytes, in codes that are complete and as strange as may be."""
    symbols = [END_OF_BLOCK, *dice.sample([*range(END_OF_BLOCK), *range(257, LITERALS)], dice.randint(1, LITERALS - 1))]
    distances = sorted(dice.sample(range(DISTANCES), dice.randint(2, DISTANCES)))
    block = Block(complete_lengths(dice, symbols, LITERALS), complete_lengths(dice, distances, DISTANCES))
    plain = [symbol for symbol in symbols if symbol < END_OF_BLOCK]
    lengths = [symbol - 257 for symbol in symbols if symbol > END_OF_BLOCK]
    literals, wanted = dice.random(), dice.randint(0, most)
    while True:
        done = len(block.content)
        near = [at for at in distances if DISTANCE_FIRST[at] <= done]
        short = [at for at in lengths if LENGTH_FIRST[at] <= wanted - done]
        if short and near and (not plain or dice.random() > literals):
            length, distance = dice.choice(short), dice.choice(near)
            more = min(dice.randrange(1 << LENGTH_EXTRA[length]), wanted - done - LENGTH_FIRST[length])
            further = dice.randint(0, min((1 << DISTANCE_EXTRA[distance]) - 1, done - DISTANCE_FIRST[distance]))
            block.match(length, more, distance, further)
        elif plain and done < wanted:
            block.literal(dice.choice(plain))
        else:
            return block
