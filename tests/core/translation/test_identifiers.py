"""Names of letters and figures pass through; what a sentence says in figures is translated."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from khulasa.server.core.translation.protect import loses_protected, protected_items

IDENTIFIERS = (
    *("2001:db8:85a3::8a2e:370:7334", "fe80::1ff:fe23:4567:890a", "192.168.10.254", "10.0.0.1:8080", "10.20.0.0/16"),
    *("00:1B:44:11:3A:B7", "00-1b-44-11-3a-b7", "550e8400-e29b-41d4-a716-446655440000", "9fceb02d0ae598e95dc97"),
    *("2026-12-01T14:00Z", "2026-12-01T14:05:33+01:00", "+216 71 234 567", "+1 (212) 555-0187", "00216-71-234-567"),
    *("978-3-16-148410-0", "0-306-40615-X", "10.1038/s41586-020-2649-2", "doi:10.1000/xyz123", "arXiv:2106.09685"),
    *("2.0.0-beta.3", "budget-2026.xlsx", "example.io", "CVE-2024-3094", "AB-123-CD"),
    *("C6H12O6", "H2SO4", "DE89 3704 0044 0532 0130 00"),
)
SAID = (
    *("COVID-19", "F-16", "G20", "H5N1", "B2B", "21st", "5G", "TU-747", "2020-21", "12-05-2026", "2026-12-01"),
    *("14:30", "14:05:33", "3:2", "12.5.2026", "3.11.4", "1,234.5", "+12.5%", "+5", "3.5-inch", "19-YEAR-OLD", "4-1"),
    *("std::vector", "Score:3", "8:30-10:45", "end.it", "p.m.", "U.S.", "e.g.", "٤-٢-٣-١", "٢٠٢٦-١٢-٠١T١٤:٠٠"),
)


@pytest.mark.parametrize("text", IDENTIFIERS)
def test_an_identifier_is_one_item(text: str) -> None:
    for frame in ("See {} now.", "({})", "أرسل {}، ثم عد.", "أرسل {}", "ورد ب{}."):
        assert [item.text for item in protected_items(frame.format(text))] == [text]


@pytest.mark.parametrize("text", SAID)
def test_what_a_sentence_says_is_no_identifier(text: str) -> None:
    assert not protected_items(f"He said {text} today.")
    assert not protected_items(f"قال {text} اليوم.")


def test_a_colon_or_figure_that_was_lost_is_told() -> None:
    assert loses_protected("Send 2001:db8:85a3::8a2e:370:7334 now.", "أرسل 2001:db8:85a3:8a2e:370:7334 الآن.")
    assert loses_protected("أرسل 192.168.10.254 الآن.", "Send 192.168.10.10.254 now.")
    assert not loses_protected("Send fe80::1ff:fe23:1 now.", "أرسل fe80::1ff:fe23:1 الآن.")


@pytest.mark.parametrize("unit", ["1.1.", "a.b.", "a.io.", "ab.pdf.", "1-", "a:1::", "+1 23", "AB12 1234 ", "doi:!"])
def test_runs_of_joints_are_read_in_linear_time(
    unit: str, growth: Callable[[Callable[[int], object], int, int], float]
) -> None:
    assert growth(lambda n: protected_items(f"v1 2:3 {unit * n}"), 2_000, 16) < 64
