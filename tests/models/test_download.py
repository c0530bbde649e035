"""Fetching one file: broken connections, changed files, lying servers, wrong hashes, addresses that are not fetched."""

from __future__ import annotations

import errno
import gzip
import hashlib
import random
import time
import urllib.request
from pathlib import Path

import pytest
from hub_server import Fault, HubServer
from khulasa.server.models.download import Expected, download
from khulasa.server.models.errors import DownloadError, VerificationError
from khulasa.server.models.pace import Pace
from khulasa.server.models.transport import Retries, check_address, opener, retry_after_s

CONTENT = random.Random(7).randbytes(3_000_000)
SHA256 = hashlib.sha256(CONTENT).hexdigest()
GIT_BLOB = hashlib.sha1(b"blob %d\0" % len(CONTENT) + CONTENT).hexdigest()
QUICK = Retries(most=4, first_s=0.01, longest_s=5)


@pytest.fixture
def url(hub: HubServer) -> str:
    hub.files["weights.bin"] = CONTENT
    return f"{hub.url}/files/weights.bin"


def ranges(hub: HubServer) -> list[str]:
    return [seen.headers.get("range", "") for seen in hub.bodies("weights.bin")]


def test_a_file_comes_whole_and_nothing_else_is_left(url: str, tmp_path: Path) -> None:
    told: list[tuple[int, int | None]] = []
    target = tmp_path / "weights.bin"
    assert download(url, target, Expected(), progress=lambda *how: told.append(how)) == SHA256
    assert target.read_bytes() == CONTENT
    assert list(tmp_path.iterdir()) == [target]
    assert told[0] == (0, len(CONTENT))
    assert told[-1] == (len(CONTENT), len(CONTENT))
    assert [have for have, _ in told] == sorted(have for have, _ in told)


def test_a_broken_connection_goes_on_where_it_broke(url: str, hub: HubServer, tmp_path: Path) -> None:
    hub.faults["weights.bin"] = [Fault(break_after=1_000_000), Fault(break_after=500_000)]
    assert download(url, tmp_path / "weights.bin", Expected(sha256=SHA256), retries=QUICK) == SHA256
    assert ranges(hub) == ["", "bytes=1000000-", "bytes=1500000-"]
    conditions = [seen.headers.get("if-range") for seen in hub.bodies("weights.bin")]
    assert conditions == [None, f'"{SHA256}"', f'"{SHA256}"']


def test_the_next_process_goes_on_too(url: str, hub: HubServer, tmp_path: Path) -> None:
    hub.faults["weights.bin"] = [Fault(break_after=2_000_000)] + [Fault(status=503)] * 5
    with pytest.raises(DownloadError, match="503"):
        download(url, tmp_path / "weights.bin", Expected(), retries=QUICK)
    kept = (tmp_path / "weights.bin.part").stat().st_size
    assert kept > 0
    assert not (tmp_path / "weights.bin").exists()
    hub.seen.clear()
    hub.faults.clear()
    assert download(url, tmp_path / "weights.bin", Expected(), retries=QUICK) == SHA256
    assert ranges(hub) == [f"bytes={kept}-"]


def test_a_file_that_changed_meanwhile_starts_again(url: str, hub: HubServer, tmp_path: Path) -> None:
    hub.faults["weights.bin"] = [Fault(break_after=2_000_000)] + [Fault(status=503)] * 5
    with pytest.raises(DownloadError):
        download(url, tmp_path / "weights.bin", Expected(), retries=QUICK)
    hub.faults.clear()
    changed = random.Random(8).randbytes(2_500_000)
    hub.files["weights.bin"] = changed
    assert download(url, tmp_path / "weights.bin", Expected(), retries=QUICK) == hashlib.sha256(changed).hexdigest()
    assert (tmp_path / "weights.bin").read_bytes() == changed


def test_a_server_without_ranges_sends_all_of_it_again(url: str, hub: HubServer, tmp_path: Path) -> None:
    hub.faults["weights.bin"] = [Fault(break_after=1_000_000), Fault(no_ranges=True)]
    assert download(url, tmp_path / "weights.bin", Expected(), retries=QUICK) == SHA256


@pytest.mark.parametrize(
    "sent", ["bytes 0-2999999/3000000", "bytes 1000000-3999999/4000000", "items 1000000-2999999/3000000", "bytes */*"]
)
def test_another_part_than_was_asked_for_is_thrown_away(url: str, hub: HubServer, tmp_path: Path, sent: str) -> None:
    hub.faults["weights.bin"] = [Fault(break_after=1_000_000), Fault(content_range=sent)]
    assert download(url, tmp_path / "weights.bin", Expected(), retries=QUICK) == SHA256
    assert ranges(hub) == ["", "bytes=1000000-", ""]


def test_a_weak_tag_promises_nothing(url: str, hub: HubServer, tmp_path: Path) -> None:
    hub.faults["weights.bin"] = [Fault(break_after=1_000_000, etag='W/"1"')]
    assert download(url, tmp_path / "weights.bin", Expected(), retries=QUICK) == SHA256
    assert ranges(hub) == ["", ""], "without a hash to check with the file is fetched anew"


def test_without_a_tag_a_known_hash_is_enough_to_go_on(url: str, hub: HubServer, tmp_path: Path) -> None:
    hub.faults["weights.bin"] = [Fault(break_after=1_000_000, etag="")]
    assert download(url, tmp_path / "weights.bin", Expected(sha256=SHA256), retries=QUICK) == SHA256
    assert ranges(hub)[1].startswith("bytes=")


def test_halves_of_two_files_are_noticed_and_fetched_anew(url: str, hub: HubServer, tmp_path: Path) -> None:
    other = random.Random(9).randbytes(len(CONTENT))
    hub.faults["weights.bin"] = [Fault(break_after=1_000_000, content=other, etag="")]
    assert download(url, tmp_path / "weights.bin", Expected(sha256=SHA256), retries=QUICK) == SHA256
    assert ranges(hub)[-1] == ""


def test_a_busy_server_is_waited_for_as_long_as_it_asks(url: str, hub: HubServer, tmp_path: Path) -> None:
    hub.faults["weights.bin"] = [Fault(status=429, headers={"Retry-After": "1"})]
    began = time.monotonic()
    assert download(url, tmp_path / "weights.bin", Expected(), retries=QUICK) == SHA256
    assert time.monotonic() - began >= 1.0


@pytest.mark.parametrize("asked", ["0", "Wed, 01 Jan 2020 00:00:00 GMT", "inf", "-5", "nan"])
def test_who_is_asked_to_come_at_once_or_never_waits_as_without_being_asked(
    url: str, hub: HubServer, tmp_path: Path, asked: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a clock that goes ahead every date is past: all tries would be over in no time."""
    waited: list[float] = []
    monkeypatch.setattr("khulasa.server.models.download.time.sleep", waited.append)
    hub.faults["weights.bin"] = [Fault(status=429, headers={"Retry-After": asked})] * 2
    assert download(url, tmp_path / "weights.bin", Expected(), retries=Retries(most=4, first_s=0.4)) == SHA256
    assert [0.2 <= waited[0] <= 0.4, 0.4 <= waited[1] <= 0.8] == [True, True], waited


def test_a_server_that_asks_for_an_hour_is_not_waited_for(url: str, hub: HubServer, tmp_path: Path) -> None:
    hub.faults["weights.bin"] = [Fault(status=429, headers={"Retry-After": "3600"})]
    with pytest.raises(DownloadError, match=r"429.*3,600 s"):
        download(url, tmp_path / "weights.bin", Expected(), retries=QUICK)


def test_a_wrong_hash_names_file_expected_and_found_and_keeps_nothing(url: str, hub: HubServer, tmp_path: Path) -> None:
    wrong = b"x" * len(CONTENT)
    hub.faults["weights.bin"] = [Fault(content=wrong)]
    with pytest.raises(VerificationError) as caught:
        download(url, tmp_path / "weights.bin", Expected(sha256=SHA256), retries=QUICK)
    for part in ("weights.bin", SHA256, hashlib.sha256(wrong).hexdigest()):
        assert part in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_another_size_than_expected_is_refused_before_it_is_read(url: str, hub: HubServer, tmp_path: Path) -> None:
    hub.faults["weights.bin"] = [Fault(rate=1000)]
    with pytest.raises(VerificationError, match="5 bytes expected, the server has 3,000,000"):
        download(url, tmp_path / "weights.bin", Expected(bytes=5), retries=QUICK)


def test_more_than_allowed_is_refused(url: str, tmp_path: Path) -> None:
    with pytest.raises(DownloadError, match="more than the 1,000 allowed"):
        download(url, tmp_path / "weights.bin", Expected(most_bytes=1000), retries=QUICK)


def test_more_than_the_disk_holds_is_refused(url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda _: type("Usage", (), {"free": 1000})())
    with pytest.raises(DownloadError, match="1,000 are free"):
        download(url, tmp_path / "weights.bin", Expected(), retries=QUICK)


def test_a_missing_file_is_not_asked_for_twice(hub: HubServer, tmp_path: Path) -> None:
    with pytest.raises(DownloadError, match="404"):
        download(f"{hub.url}/files/nothing", tmp_path / "nothing", Expected(), retries=QUICK)
    assert len(hub.seen) == 1


def test_a_server_that_is_not_there_is_tried_a_few_times(tmp_path: Path) -> None:
    with HubServer() as gone:
        url = f"{gone.url}/files/weights.bin"
    with pytest.raises(DownloadError, match="5 times in a row"):
        download(url, tmp_path / "weights.bin", Expected(), retries=QUICK)


def test_a_server_that_stays_busy_is_asked_as_often_as_the_error_says(url: str, hub: HubServer, tmp_path: Path) -> None:
    hub.faults["weights.bin"] = [Fault(status=503)] * 9
    with pytest.raises(DownloadError, match="5 times in a row"):
        download(url, tmp_path / "weights.bin", Expected(), retries=QUICK)
    assert len(hub.bodies("weights.bin")) == 5


@pytest.mark.parametrize("expected", [Expected(sha256=SHA256), Expected(git_blob=GIT_BLOB)])
def test_a_good_file_is_not_fetched_again_and_a_bad_one_is(
    url: str, hub: HubServer, tmp_path: Path, expected: Expected
) -> None:
    target = tmp_path / "weights.bin"
    target.write_bytes(CONTENT)
    assert download(url, target, expected) == SHA256
    assert hub.seen == []
    target.write_bytes(b"y" * len(CONTENT))
    assert download(url, target, expected) == SHA256
    assert target.read_bytes() == CONTENT


def test_a_finished_part_of_a_killed_process_is_only_checked(url: str, hub: HubServer, tmp_path: Path) -> None:
    hub.faults["weights.bin"] = [Fault(break_after=1_000_000)] + [Fault(status=503)] * 5
    with pytest.raises(DownloadError):
        download(url, tmp_path / "weights.bin", Expected(), retries=QUICK)
    (tmp_path / "weights.bin.part").write_bytes(CONTENT)
    hub.seen.clear()
    assert download(url, tmp_path / "weights.bin", Expected(), retries=QUICK) == SHA256
    assert hub.seen == []


def test_a_finished_file_without_a_hash_is_asked_for_by_its_tag(url: str, hub: HubServer, tmp_path: Path) -> None:
    """Unpacking or converting it was cut off: it is not to be fetched a second time, unless it is another by now."""
    target = tmp_path / "weights.bin"
    assert download(url, target, Expected(), keep_tag=True) == SHA256
    hub.seen.clear()
    assert download(url, target, Expected(), keep_tag=True) == SHA256
    assert ranges(hub) == [f"bytes={len(CONTENT) - 1}-"]
    hub.files["weights.bin"] = CONTENT[:-1] + b"?"
    assert download(url, target, Expected(), keep_tag=True) == hashlib.sha256(CONTENT[:-1] + b"?").hexdigest()
    assert ranges(hub)[1:] == [f"bytes={len(CONTENT) - 1}-"]
    hub.faults["weights.bin"] = [Fault(etag="")] * 2
    download(url, target, Expected(), keep_tag=True)
    hub.seen.clear()
    download(url, target, Expected(), keep_tag=True)
    assert ranges(hub) == [""], "without a tag nobody knows"


def test_a_disk_error_is_no_reason_to_try_again(url: str, hub: HubServer, tmp_path: Path) -> None:
    (tmp_path / "weights.bin.part.json").mkdir()
    with pytest.raises(DownloadError, match="cannot be written"):
        download(url, tmp_path / "weights.bin", Expected(), retries=QUICK)


@pytest.mark.parametrize(
    "url",
    [
        "http://example.org/x",
        "ftp://localhost/x",
        "file:///etc/passwd",
        "http://127.0.0.1.example.org/x",
        "x",
        "https:///x",
    ],
)
def test_only_https_is_fetched(url: str, tmp_path: Path) -> None:
    with pytest.raises(DownloadError, match="only https"):
        download(url, tmp_path / "x", Expected())


@pytest.mark.parametrize(
    "url", ["https://example.org/x", "http://localhost:1/x", "http://127.0.0.9/x", "http://[::1]/x"]
)
def test_https_and_this_machine_are_fetched(url: str) -> None:
    check_address(url)


@pytest.mark.parametrize("place", ["http://example.org/x", "file:///etc/passwd"])
def test_a_redirect_to_a_plain_address_is_not_followed(url: str, hub: HubServer, tmp_path: Path, place: str) -> None:
    hub.faults["weights.bin"] = [Fault(status=302, headers={"Location": place})]
    with pytest.raises(DownloadError):
        download(url, tmp_path / "weights.bin", Expected(), retries=QUICK)
    assert list(tmp_path.iterdir()) == []


def test_credentials_go_to_no_other_host(url: str, hub: HubServer, tmp_path: Path) -> None:
    elsewhere = f"http://localhost:{hub.port}/files/weights.bin"
    hub.faults["weights.bin"] = [Fault(status=302, headers={"Location": elsewhere})]
    download(url, tmp_path / "weights.bin", Expected(), headers={"Authorization": "Bearer secret", "User-Agent": "k"})
    first, second = hub.bodies("weights.bin")
    assert first.headers["authorization"] == "Bearer secret"
    assert "authorization" not in second.headers
    assert second.headers["user-agent"] == "k"


def test_it_says_who_asks(url: str, hub: HubServer, tmp_path: Path) -> None:
    download(url, tmp_path / "weights.bin", Expected())
    assert hub.seen[0].headers["user-agent"].startswith("khulasa-server/")


def test_errors_show_no_signature_and_no_password(hub: HubServer, tmp_path: Path) -> None:
    url = f"http://user:word@127.0.0.1:{hub.port}/files/nothing?Signature=secret"
    with pytest.raises(DownloadError) as caught:
        download(url, tmp_path / "nothing", Expected(), retries=QUICK)
    assert "secret" not in str(caught.value)
    assert "word" not in str(caught.value)


def test_retry_after_is_a_number_or_a_date() -> None:
    assert retry_after_s("7") == 7
    assert retry_after_s(None) is None
    assert retry_after_s("soon") is None
    assert retry_after_s("Wed, 01 Jan 2020 00:00:00 GMT") == 0
    later = retry_after_s("Fri, 01 Jan 2100 00:00:00 GMT")
    assert later is not None
    assert later > 1e9
    dates = ("Mon, 01 Jan 99999999999999 00:00:00 GMT", "Mon, 32 Jan 2100 00:00:00 GMT")
    for broken in (*dates, "inf", "nan", "-5", "1e999"):
        assert retry_after_s(broken) is None


@pytest.mark.parametrize(
    ("place", "said"),
    [
        ("https://example.org:abc/x", "no address"),
        ("https://[::1/x", "no address"),
        ("/files/weights.bin", "in circles"),
        ("http://example.org/x", "weights.bin leads to http://example.org/x: only https"),
    ],
)
def test_a_redirect_that_leads_nowhere_is_one_line(
    url: str, hub: HubServer, tmp_path: Path, place: str, said: str
) -> None:
    hub.faults["weights.bin"] = [Fault(status=302, headers={"Location": place})] * 20
    with pytest.raises(DownloadError, match=said) as caught:
        download(url, tmp_path / "weights.bin", Expected(), retries=QUICK)
    assert "\n" not in str(caught.value)


def test_from_https_nothing_leads_to_this_machine() -> None:
    """A server elsewhere could otherwise have what listens here asked in its place."""
    (handler,) = [one for one in opener(Pace()).handlers if hasattr(one, "inf_msg")]  # type: ignore[attr-defined]
    request = urllib.request.Request("https://example.org/x")
    with pytest.raises(DownloadError, match=r"https://example\.org/x leads to plain http://localhost:1/x"):
        handler.redirect_request(request, None, 302, "Found", {}, "http://localhost:1/x?q")


@pytest.mark.parametrize(
    "url",
    [
        "https://[::1/x",
        "https://example.org:abc/x",
        "https://example.org:99999/x",
        "https://example.org/a b",
        "https://example.org/\N{ARABIC LETTER MEEM}",
        "https://example.org/\r\nx: y",
        "https://user@example.org/x",
    ],
)
def test_what_is_no_address_is_not_tried(url: str) -> None:
    with pytest.raises(DownloadError, match="address"):
        check_address(url)


def test_what_a_server_says_is_one_line_without_control_characters(url: str, hub: HubServer, tmp_path: Path) -> None:
    hub.faults["weights.bin"] = [Fault(status=404, reason="gone\x1b[2J" + "x" * 5000)]
    with pytest.raises(DownloadError, match="404 gone") as caught:
        download(url, tmp_path / "weights.bin", Expected(), retries=QUICK)
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 500


@pytest.mark.parametrize("expected", [Expected(bytes=len(CONTENT)), Expected(sha256=SHA256, bytes=len(CONTENT))])
def test_without_a_length_the_known_size_tells_a_broken_connection(
    url: str, hub: HubServer, tmp_path: Path, expected: Expected
) -> None:
    hub.faults["weights.bin"] = [Fault(no_length=True, close_after=1_000_000), Fault(no_length=True)]
    assert download(url, tmp_path / "weights.bin", expected, retries=QUICK) == SHA256
    assert ranges(hub) == ["", "bytes=1000000-"]


def test_a_rest_of_unknown_length_is_held_to_the_size_said_before(url: str, hub: HubServer, tmp_path: Path) -> None:
    rest = f"bytes 1000000-{len(CONTENT) - 1}/*"
    hub.faults["weights.bin"] = [
        Fault(break_after=1_000_000),
        Fault(no_length=True, close_after=500_000, content_range=rest),
    ]
    assert download(url, tmp_path / "weights.bin", Expected(), retries=QUICK) == SHA256
    assert ranges(hub) == ["", "bytes=1000000-", "bytes=1500000-"]


def test_a_finished_part_of_another_address_is_another_file(url: str, hub: HubServer, tmp_path: Path) -> None:
    """Killed between the last byte and the check, then asked for another version of the same size."""
    hub.faults["weights.bin"] = [Fault(break_after=1_000_000)] + [Fault(status=503)] * 5
    with pytest.raises(DownloadError):
        download(url, tmp_path / "weights.bin", Expected(), retries=QUICK)
    (tmp_path / "weights.bin.part").write_bytes(CONTENT)
    hub.files["other.bin"] = random.Random(9).randbytes(len(CONTENT))
    found = download(f"{hub.url}/files/other.bin", tmp_path / "weights.bin", Expected(), retries=QUICK)
    assert found == hashlib.sha256(hub.files["other.bin"]).hexdigest()


def test_a_server_with_another_file_each_time_is_not_asked_for_ever(url: str, hub: HubServer, tmp_path: Path) -> None:
    again = [Fault(break_after=500_000), Fault(content_range="bytes 0-2999999/3000000")]
    hub.faults["weights.bin"] = again * 20
    with pytest.raises(DownloadError, match="times in a row"):
        download(url, tmp_path / "weights.bin", Expected(), retries=QUICK)


def test_a_coding_that_is_kept_is_said_when_the_hash_differs(url: str, hub: HubServer, tmp_path: Path) -> None:
    hub.faults["weights.bin"] = [Fault(content=gzip.compress(b"x"), headers={"Content-Encoding": "gzip"})]
    with pytest.raises(VerificationError, match=r"Content-Encoding: gzip, which is kept as it came"):
        download(url, tmp_path / "weights.bin", Expected(sha256=SHA256), retries=QUICK)


def test_a_full_disk_is_named_with_its_folder(
    url: str, hub: HubServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(DownloadError) as caught:
        download(url, tmp_path / "weights.bin", Expected(), retries=QUICK)
    assert str(caught.value) == f"weights.bin: cannot be written to {tmp_path}: No space left on device"
