"""A mapping to start from: the class names of a file, each waiting for what it means."""

from __future__ import annotations

from collections import Counter

from histo.annotations.drawn import DrawnFile
from histo.annotations.mapping import GUIDE, UNCLASSIFIED, by_frequency, load_mapping, toml_key, word_of
from histo.findings import CellClass, Compartment, FiberAttribute, FiberClass


def starting_mapping(drawn: DrawnFile) -> str:
    """TOML text. Names of our own export are filled in, the others stand behind a #.

    Args:
        drawn: The file whose names are wanted.
    """
    own = load_mapping(None)
    lines = [
        f"# What the class names mean ({GUIDE}). Take away the # of a line and write one of",
        f"#   fibers        {_words(FiberClass)}",
        f"#   nuclei        {_words(CellClass)}",
        f"#   compartments  {', '.join(word_of(kind) for kind in Compartment if kind is not Compartment.FIBER)}",
        "#   regions       annotated, annotated fibers, annotated cells, annotated compartments, unsure, ignore",
        '# A fiber may have attributes: "Name" = { class = "intact", attributes = ["internal nucleus"] }',
        f"#   attributes    {_words(FiberAttribute)}",
        "",
        "[classes]",
    ]
    for name, count in by_frequency(Counter(item.class_name or UNCLASSIFIED for item in drawn.objects).items()):
        meaning = own.meaning(name)
        value = "" if meaning is None else word_of(meaning.kind)
        lines.append(f'{"# " if meaning is None else ""}{toml_key(name)} = "{value}"  # drawn: {count:,}')
    return "\n".join(lines) + "\n"


def _words(kinds: type[FiberClass] | type[CellClass] | type[FiberAttribute]) -> str:
    return ", ".join(word_of(kind) for kind in kinds)
