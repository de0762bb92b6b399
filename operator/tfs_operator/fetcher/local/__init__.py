"""Looks at base paths that the pod mounts, claims and host paths, and reports what is in them; it only reads."""
