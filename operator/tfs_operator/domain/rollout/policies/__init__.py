"""The policies of a rollout, one a file; `decide` asks them in order."""
