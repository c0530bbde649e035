"""The composition root over a fake core: `python server_without_models.py --port N`.

Environment: FAKE_LOAD_S how long loading takes, FAKE_LOAD_FILE a file that it waits for, FAKE_WORK_S how long a call
works, FAKE_FAIL to fail loading (`always`, or `later` from the second time on), FAKE_CLOSE_S how long a thread holds up
the end. SIGUSR1 holds the event loop for 2 s, as a machine without a free core does. Its first call is told by a line.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "contract"))

from fake_core import MODELS, FakeCore
from khulasa.server.api.ports import ServingCore
from khulasa.server.config import Settings, load_settings
from khulasa.server.core.translation.types import RequestContext
from khulasa.server.core_holder import LoadedCore
from khulasa.server.main import serve
from khulasa.server.observability import Observability
from khulasa.server.observability_logs import configure_logs

loads = 0


class TellingCore(FakeCore):
    async def _work(self, context: RequestContext) -> None:
        if not self.contexts:
            print("at work", flush=True)
        await super()._work(context)


async def load(settings: Settings, observability: Observability) -> LoadedCore:
    global loads
    loads += 1
    number = loads
    print(f"loading {number}: {', '.join(settings.models)}", flush=True)
    await asyncio.sleep(float(os.environ.get("FAKE_LOAD_S", "0")))
    awaited = Path(os.environ.get("FAKE_LOAD_FILE", "/"))
    while not awaited.exists():  # noqa: ASYNC110, ASYNC240 - another process makes it
        await asyncio.sleep(0.01)
    fail = os.environ.get("FAKE_FAIL", "")
    if fail == "always" or (fail == "later" and number > 1):
        raise FileNotFoundError("no model package")
    core = TellingCore(delay_s=float(os.environ.get("FAKE_WORK_S", "0")))

    async def close() -> None:
        # A core that is closed while calls use it would fail them: this proves that none does.
        assert core.working == 0
        core.error = RuntimeError("closed")
        await asyncio.to_thread(time.sleep, float(os.environ.get("FAKE_CLOSE_S", "0")))
        print(f"closed {number}", flush=True)

    with core.lend() as serving:
        return LoadedCore(ServingCore(serving.translator, serving.summarizer, serving.detect_language, MODELS), close)


def main() -> int:
    signal.signal(signal.SIGUSR1, lambda *_: time.sleep(2))
    reread = partial(load_settings, port=int(sys.argv[sys.argv.index("--port") + 1]))
    settings = reread()
    configure_logs(settings.log_format, settings.log_level)
    return asyncio.run(serve(settings, load, lambda line: print(line, flush=True), reread))


if __name__ == "__main__":
    sys.exit(main())
