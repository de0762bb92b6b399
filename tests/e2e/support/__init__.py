"""What the end-to-end tests have in common, besides the fixtures of conftest.py."""
