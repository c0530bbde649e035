"""What all tests share."""

from __future__ import annotations

from hypothesis import settings
from khulasa.server.processor import use_wide_kernels

# As `khulasa-server` does, so that what is decoded here is what a server answers.
use_wide_kernels()
# On a busy machine an example may take longer than the 200 ms that are the default, and says nothing by that.
settings.register_profile("khulasa", deadline=None)
settings.load_profile("khulasa")
