"""Clients of a model server: single questions, steady loads, and what they should be answered."""
