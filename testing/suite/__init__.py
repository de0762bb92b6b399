"""Runs the tiers of the tests side by side: `python -m testing.suite`. docs/design/testing.md says how and why."""
