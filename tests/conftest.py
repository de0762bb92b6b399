"""For all tiers."""

import pytest
from hypothesis import HealthCheck, settings

from testing.conformance.options import add_options

settings.register_profile("on any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("on any machine")


def pytest_addoption(parser: pytest.Parser) -> None:
    add_options(parser)
