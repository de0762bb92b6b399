"""The commands of `tfs-operator`, one per file: flags and execution."""
