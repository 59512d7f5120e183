"""Settings of the whole suite.

Properties are tried on the same examples each time, so that a run says something about the
change and not about luck; ``HYPOTHESIS_PROFILE=explore`` looks for new ones.
"""

from __future__ import annotations

import os

from hypothesis import settings

settings.register_profile("steady", derandomize=True, deadline=None)
settings.register_profile("explore", deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "steady"))
