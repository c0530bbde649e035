"""How HTML elements are read."""

from __future__ import annotations

__all__ = ["INLINE", "OPAQUE", "VOID"]

# They stand in a line of text; anything else ends it.
INLINE = frozenset(
    [
        "a",
        "abbr",
        "acronym",
        "b",
        "bdi",
        "bdo",
        "big",
        "cite",
        "code",
        "data",
        "del",
        "dfn",
        "em",
        "font",
        "i",
        "img",
        "input",
        "ins",
        "kbd",
        "label",
        "mark",
        "nobr",
        "picture",
        "q",
        "rp",
        "rt",
        "ruby",
        "s",
        "samp",
        "small",
        "source",
        "span",
        "strike",
        "strong",
        "sub",
        "sup",
        "time",
        "tt",
        "u",
        "var",
        "wbr",
    ]
)
# They have no contents and no end tag.
VOID = frozenset(
    ["area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track", "wbr"]
)
# Their contents are not prose, whatever they hold.
OPAQUE = frozenset(
    [
        "script",
        "style",
        "pre",
        "textarea",
        "template",
        "svg",
        "math",
        "noscript",
        "code",
        "kbd",
        "samp",
        "var",
        "tt",
        "iframe",
        "object",
        "canvas",
        "audio",
        "video",
        "xmp",
        "noembed",
        "noframes",
        "plaintext",
    ]
)
