"""Pure decisions: typed values in, values out; no client, no clock, no environment, no logger."""
