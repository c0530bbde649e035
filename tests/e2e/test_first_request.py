"""The first request finds everything loaded: nothing is read from the disk for it, no module is imported."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest
from server_process import ROOT

SEED = ROOT / "seeds/nato-guarantees.ar.txt"
SCRIPT = """
import asyncio, json, pathlib, sys
from khulasa.server.config import Settings
from khulasa.server.core.pipeline.types import ArticleInput, SummarySettings
from khulasa.server.core.translation.types import RequestContext
from khulasa.server.observability import Observability
from khulasa.server.runtime import load_core

ENGLISH = "The council approved 3 plans on Monday. It did not name Kamal, who said that prices rose by 12%."
article = pathlib.Path(sys.argv[1]).read_text("utf-8")
opened, watching = [], False


def hook(event, arguments):
    if watching and event in ("open", "import"):
        opened.append(str(arguments[0]))


async def main():
    global watching
    core = await load_core(Settings(), Observability())
    sys.addaudithook(hook)
    watching = True
    for text in (article, ENGLISH):
        language = await core.serving.detect_language([text], ("ar", "en"))
        settings = SummarySettings(max_key_terms=6, full_translation=True)
        summary = await core.serving.summarizer.summarize(
            ArticleInput(text, language=language), settings, RequestContext()
        )
        assert summary.summary.sentences
    watching = False
    await core.close()


asyncio.run(main())
print(json.dumps(opened))
"""


@pytest.mark.slow
def test_the_first_request_reads_no_file() -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("KHULASA_")}
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, SEED], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == []
