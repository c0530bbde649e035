"""Entry point of `khulasa-server`: Ctrl-C while its commands are being imported ends it without a traceback."""

import os
import signal

from khulasa.server.processor import use_wide_kernels

__all__ = ["main"]

_INTERRUPTED = 130


def main() -> None:
    """Import the commands and run the one that was asked for; that one ends with 130, too, when it is interrupted."""
    handler = signal.getsignal(signal.SIGINT)
    # Not where it is ignored, as behind nohup.
    if handler is signal.default_int_handler:
        # Python's own raises in the middle of an import, which libraries report or swallow.
        signal.signal(signal.SIGINT, lambda *_: os._exit(_INTERRUPTED))
    # Before anything starts a thread, which might read the environment meanwhile.
    use_wide_kernels()
    # gRPC, which reads this when it is imported, quotes in its own lines what strangers send, line breaks and all: the
    # name in a TLS hello, the text of a GOAWAY. So anybody could write a line of our log.
    os.environ.setdefault("GRPC_VERBOSITY", "NONE")
    from khulasa.server.cli import main as run

    try:
        run(imported=lambda: signal.signal(signal.SIGINT, handler))
    except KeyboardInterrupt:
        raise SystemExit(_INTERRUPTED) from None
