"""The picture of the page in the README.

khulasa summarize seeds/nato-guarantees.ar.txt --max-sentences 4 --html page.html
python tests/client/page_picture.py page.html docs/images/summary-page.png
"""

from __future__ import annotations

import sys
from pathlib import Path

from webdriver import Browser, missing

_LIMIT_BYTES = 300_000


def main(page: Path, picture: Path) -> None:
    """Photograph a page with the pointer on a word of its first pair.

    Raises:
        SystemExit: there is no browser, or the picture is too large for a README.
    """
    if missing():
        raise SystemExit(missing())
    with Browser(1280, 860) as browser:
        browser.open(page.resolve())
        words = "#p1 .target [data-w]"
        browser.hover(words if browser.run("return !!document.querySelector(arguments[0])", words) else "#p1 .target")
        browser.run("window.scrollTo({top: 0, behavior: 'instant'})")
        image = browser.screenshot()
    if len(image) > _LIMIT_BYTES:
        raise SystemExit(f"the picture has {len(image):,} bytes, more than {_LIMIT_BYTES:,}")
    picture.parent.mkdir(parents=True, exist_ok=True)
    picture.write_bytes(image)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
