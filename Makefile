# Every task of the project. The work is done by the scripts under hack/; each says at its head what it needs.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help demo bench-rollout bench-label-moves bench-memory bench-fetch bench-drain bench-tuning bench-threads bench-scale bench-largest soak test unit fuzz stores store-image chart integration e2e conformance recordings lint audit verify generate venv binaries cluster images clean clean-cache

SUITE := hack/run.sh python -m testing.suite
# One clock for everything that one make runs.
export TFS_STARTED := $(or $(TFS_STARTED),$(shell date +%s))

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  make %-17s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@echo
	@echo "TFS_CLUSTER_MODE=auto|pull|build says whether public images are pulled or local ones built (auto)."
	@echo "TFS_CACHE=FOLDER holds what is expensive to make (~/.cache/tfs-operator)."

demo: ## Serve a model on a local cluster, ask it, and take it through canary, promotion, a bad version and rollback
	@hack/build.py --then "the demo" images helm
	hack/run.sh python -m demo

bench-rollout: ## Measure how fast labels move: by the operator, and by a ConfigMap that is polled
	@hack/build.py --then "the measurement" images helm
	hack/run.sh python -m bench.rollout

bench-label-moves: venv ## Measure where the time goes when a label moves to a new version, without a cluster
	@hack/binaries.sh kube-apiserver etcd >/dev/null
	hack/run.sh env PYTHONPATH=operator python -m bench.label_moves

bench-memory: venv ## Measure what the C library's allocator does to a process whose models are swapped
	hack/run.sh env PYTHONPATH=operator python -m bench.allocators

bench-fetch: venv ## Measure how fast 1 GiB is fetched from S3, in many files and in few, beside rclone
	@hack/binaries.sh versitygw rclone >/dev/null
	hack/run.sh env PYTHONPATH=operator python -m bench.fetch

bench-drain: ## Measure what clients of each kind lose when pods go
	@hack/build.py --then "the measurement" images helm
	hack/run.sh python -m bench.drain

bench-tuning: venv ## Measure what tuning a server does to the boston example under load
	hack/run.sh env PYTHONPATH=operator python -m bench.tuning

bench-threads: venv ## Measure what gRPC's threads cost, and whom the server refuses when they are few
	hack/run.sh env PYTHONPATH=operator python -m bench.grpc_threads

bench-scale: venv ## Measure what the operator costs with 100, 300 and 1,000 TFModels
	@hack/binaries.sh kube-apiserver etcd >/dev/null
	hack/run.sh env PYTHONPATH=operator python -m bench.scale

bench-largest: venv ## Measure the operator's memory with 1,000 of the largest TFModels
	@hack/binaries.sh kube-apiserver etcd >/dev/null
	hack/run.sh env PYTHONPATH=operator python -m bench.largest

soak: venv ## Half an hour of changes without a pause: do the operator's memory, files and tasks stay flat? MINUTES=N for less
	@hack/binaries.sh kube-apiserver etcd >/dev/null
	hack/run.sh env PYTHONPATH=operator python -m bench.soak --minutes $(or $(MINUTES),30)

test: lint verify ## Everything: lint, verify, and all tests, tier beside tier
	@hack/build.py --then "the tests" images binaries store-image
	TFS_HISTORIES=10000 $(SUITE)

unit: venv ## The tests that need nothing but Python
	$(SUITE) unit

fuzz: venv ## Input of every kind that could do harm, at random, for ten minutes; SECONDS=N for another time
	hack/run.sh python -m testing.fuzzing --seconds $(or $(SECONDS),600)

stores: venv binaries ## The tests of the servers that models are fetched from in tests, and of the faults before them
	$(SUITE) stores

chart: venv binaries ## The Helm chart's tests
	$(SUITE) chart

conformance: venv ## The tests of a model server's behaviour, run against the double
	$(SUITE) conformance

recordings: venv ## What a real model server answered, asked of the double
	$(SUITE) recordings

integration: venv binaries ## The tests on a real API server without nodes
	$(SUITE) integration

e2e: ## The tests on a local kind cluster
	@hack/build.py --then "the tests" images binaries store-image
	$(SUITE) e2e

lint: venv ## ruff, mypy, import-linter, shellcheck, actionlint
	hack/lint.sh

audit: ## Ask PyPI about known vulnerabilities of every locked Python dependency
	hack/audit.sh

verify: venv ## Check that everything generated is up to date
	hack/binaries.sh --check-pins
	hack/generate.sh --check

generate: venv ## Make everything generated anew
	hack/generate.sh

venv: ## The Python environment .venv
	@hack/venv.sh

binaries: ## Kubernetes' control plane, etcd, kubectl, helm (4 and 3), kubeconform, Prometheus, KEDA's CRD, and the stores for the tests
	@hack/build.py binaries

cluster: ## A local kind cluster, and what it is made of
	@hack/build.py cluster

images: ## The operator's and the model server's images, loaded into the cluster
	@hack/build.py images

store-image: ## The stores that tests fetch models from, loaded into the cluster
	@hack/build.py store-image

clean: ## Delete the cluster and stop the Docker daemon if it was started from here; the cache stays
	hack/cluster.sh down
	hack/docker.sh down

clean-cache: clean ## Besides, delete the cache: the next build is a cold one
	hack/clean-cache.sh
