"""The folders of a base path on the pod's volume: staging, records, claims shared with other pods, room."""
