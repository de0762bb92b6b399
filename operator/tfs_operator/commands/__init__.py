"""The commands of `tfs-operator`, one a file: its flags, and what it does."""
