"""`make demo`: serves a model on the local cluster and takes it through a rollout."""
