"""The TFModel resource: what a user writes (spec), what the operator answers (status), and its CRD."""
