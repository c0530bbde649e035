"""What names one thing by its letters and figures: addresses of machines, telephone and book numbers, times of logs.

A model drops a colon or says a figure twice in them, and the reader cannot see it. Only what has a form that no number,
date or word of a sentence has: `COVID-19`, `F-16`, `12.5.2026` and `14:30` are translated. Western figures alone.
"""

from __future__ import annotations

import regex

__all__ = ["IDENTIFIER", "may_hold_identifier"]

_HEX = "[0-9A-Fa-f]"
# Letters that an address may hold, up to one that it may end with.
_REST = r"[^\s<>\"«»“”]*[^\s<>\"«»“”.,;:!?،؛؟)\]'’]"
_FILE = "pdf|docx?|xlsx?|pptx?|csv|txt|json|xml|html?|zip|rar|gz|jpe?g|png|gif|svg|mp[34]|wav|avi|exe|apk|py|js|sh|sql"
# Not `it`, `in`, `me`: where the space behind a stop is forgotten these are words.
_DOMAIN = "io|ai|tv|app|dev|xyz|int|mil|eu|uk|fr|de|ru|ae|sa|eg|qa|kw|lb|ps|tn|dz|ma|iq|tr|ir"
_FORMS = (
    # 2026-12-01T14:00Z
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:?[0-9]{2}(?::?[0-9]{2}(?:\.[0-9]++)?+)?+(?:Z|[+-][0-9]{2}(?::?[0-9]{2})?+)?+",
    # fe80::1ff:fe23:4567:890a, 00:1B:44:11:3A:B7
    rf"(?=[A-Fa-f:]{{0,40}}[0-9])(?=[0-9A-Fa-f:]{{0,40}}::{_HEX}|(?:{_HEX}{{1,4}}:){{5}})"
    rf"{_HEX}{{1,4}}+(?:::?{_HEX}{{1,4}}+)++(?:/[0-9]++)?+",
    rf"(?=[A-Fa-f-]{{0,40}}[0-9])(?:{_HEX}{{2}}(?:-{_HEX}{{2}}){{5}}|{_HEX}{{8}}-(?:{_HEX}{{4}}-){{3}}{_HEX}{{12}})",
    # Hashes; formulas, but not H5N1, which Arabic spells.
    r"(?=[0-9]*+[a-f]++[0-9]++[a-f])[0-9a-f]{7,128}+",
    r"(?!H[0-9]++N[0-9])[A-Za-z]++[0-9]++[A-Za-z]++[0-9]++[A-Za-z0-9]*+",
    # DE89 3704 0044 0532 0130 00; CVE-2024-3094, AB-123-CD
    r"[A-Z]{2}[0-9]{2} ?[A-Z0-9]{4}(?: ?[0-9]{4}){2,6}+(?: ?[0-9]{1,3})?+",
    r"[A-Z]{1,5}+-[0-9]++(?:-[A-Z0-9]++)++",
    # arXiv:2106.09685; 10.1038/s41586-020-2649-2
    rf"(?i:doi|arxiv|hdl|pmid):(?=[0-9]){_REST}|10\.[0-9]{{4,9}}+/{_REST}",
    # +216 71 234 567
    r"\+(?=[0-9]{1,3}[ (.-])(?=(?:[ ().-]{0,2}[0-9]){8})[0-9]{1,3}+(?: ?\([0-9]{1,4}\))?+(?:[ .-]?[0-9]{2,4}){2,5}+",
    # 978-3-16-148410-0, 0-306-40615-X
    r"[0-9]++(?:-[0-9]++){3,}+(?:-X)?+|[0-9]++(?:-[0-9]++){2}-X",
    # 192.168.10.254:8080, 10.20.0.0/16; 2.0.0-beta.3
    r"[0-9]++(?:\.[0-9]++){3,}+(?::[0-9]++)?+(?:/[0-9]++)?+"
    r"|[0-9]++(?:\.[0-9]++){2}-[A-Za-z]++[0-9]*+(?:\.[0-9]++)*+",
    rf"[A-Za-z0-9][A-Za-z0-9_-]*+\.(?:{_FILE})(?!\.\w)",
    rf"(?:[a-z0-9-]++\.){{1,8}}(?<=[a-z0-9-]{{3}}\.)(?:{_DOMAIN})(?![\w-]|\.\w)(?:/{_REST})?+",
)
# Most words have no figure nor joint, and no form is tried at them.
IDENTIFIER = r"(?<![A-Za-z0-9_.@/:\\-])(?=[A-Za-z]{0,60}+[0-9+.:_-])" rf"(?:{'|'.join(_FORMS)})(?![A-Za-z0-9_])"

# Every identifier has one of these places, few sentences do.
_FIGURES = regex.compile(
    r"[0-9](?:T[0-9]|[A-Fa-f]{0,3}:|\.[0-9]++[./]|[0-9A-Fa-f]{0,8}+-[0-9A-Fa-f]{1,12}+-|(?<=[A-Za-z:+].|[A-Za-z]-.))",
)
_ENDING = regex.compile(rf"\.(?<=[A-Za-z0-9_-]\.)(?:{_FILE}|{_DOMAIN})(?!\w)")


def may_hold_identifier(text: str) -> bool:
    """Whether it is worth looking for one; quick."""
    return _FIGURES.search(text) is not None or _ENDING.search(text) is not None
