"""Asks web servers: client, errors, byte ranges, retries."""
