"""What all tests share."""

from __future__ import annotations

from hypothesis import settings

# On a busy machine an example may take longer than the 200 ms that are the default, and says nothing by that.
settings.register_profile("khulasa", deadline=None)
settings.load_profile("khulasa")
