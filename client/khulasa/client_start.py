"""Entry point of the `khulasa` command: Ctrl-C while the client is being imported ends it without a traceback.

It stands beside `khulasa.client` and not in it, for importing that is what takes the time.
"""

import os
import signal

__all__ = ["main"]

_INTERRUPTED = 130


def main() -> int:
    """Import the command and run it.

    Returns:
        The exit code, see `khulasa.client.command.exits`.
    """
    handler = signal.getsignal(signal.SIGINT)
    # Not where it is ignored, as behind nohup.
    if handler is signal.default_int_handler:
        # Python's own raises in the middle of an import, which libraries report or swallow.
        signal.signal(signal.SIGINT, lambda *_: os._exit(_INTERRUPTED))
    # Before gRPC is imported: a line of its log for every failed handshake would bury ours.
    os.environ.setdefault("GRPC_VERBOSITY", "ERROR")
    from khulasa.client.cli import main as run

    try:
        signal.signal(signal.SIGINT, handler)
        return run()
    except KeyboardInterrupt:
        return _INTERRUPTED
