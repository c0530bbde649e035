"""A Khulasa server for the tests of programs that use this client: real gRPC on a loopback port, invented answers.

    from khulasa.client import Client, OverloadedError
    from khulasa.client.testing import FakeKhulasa

    def test_we_wait_when_the_server_is_busy():
        with FakeKhulasa() as server, Client(server.target) as client:
            server.fail_next("RESOURCE_EXHAUSTED", reason="OVERLOADED", retry_after=0.05)
            assert client.summarize("خبر أول. خبر ثان.").sentences
            assert [one.method for one in server.requests] == ["Summarize", "Summarize"]

Answers are made from the text that is sent, so their offsets are true: `text[span.start:span.end]` is the source text.
Translations are the source between brackets unless a `translate` function is given. Nothing here needs the server's
package, a model or a network.
"""

from khulasa.client.testing.fake import FakeKhulasa, RecordedRequest

__all__ = ["FakeKhulasa", "RecordedRequest"]
