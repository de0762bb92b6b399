"""Runs a real kube-apiserver and etcd on this machine, operators against them, and faults between the two."""
