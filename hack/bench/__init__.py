"""How fast labels move: what `make bench-rollout` (hack/bench_rollout.py) is made of."""
