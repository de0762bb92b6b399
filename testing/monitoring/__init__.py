"""Runs a real Prometheus, and reads the dashboard's queries."""
