"""Any string, such as a file name of odd bytes, as text for terminals, CSV files and pictures."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

EXTENSIONS = 3  # of ignored files that are named, the most frequent ones
BETWEEN = "; "  # the messages of one cell


def readable(text: str) -> str:
    """``text`` with what UTF-8 cannot hold (undecodable bytes of a file name) as ``\\xff``."""
    return "".join(_escaped(char) if "\ud800" <= char <= "\udfff" else char for char in text)


def in_one(messages: Iterable[str]) -> str:
    """``messages``, but for empty ones, as one cell, which ``messages_in`` takes apart."""
    return BETWEEN.join(one.replace(BETWEEN, ": ") for one in messages if one)


def messages_in(cell: str) -> list[str]:
    """What ``in_one`` made one of."""
    return [one for one in cell.split(BETWEEN) if one]


def one_line(text: str) -> str:
    """``text`` on one line: white space becomes a space, what cannot be printed an escape."""
    return "".join(
        char if char.isprintable() else _escaped(char) for char in " ".join(text.split())
    )


def _escaped(char: str) -> str:
    # Python keeps the undecodable byte 0xff of a file name as U+DCFF.
    if "\udc80" <= char <= "\udcff":
        return f"\\x{ord(char) - 0xDC00:02x}"
    return char.encode("unicode_escape").decode("ascii")


def extensions_of(counts: Mapping[str, int]) -> str:
    """`` (.txt 3, no extension 2, .xml 1 and others)`` after the number of ignored files."""
    said = [f"{one_line(name) or 'no extension'} {count}" for name, count in counts.items()]
    if not said:
        return ""
    return f" ({', '.join(said[:EXTENSIONS])}{' and others' if len(said) > EXTENSIONS else ''})"
