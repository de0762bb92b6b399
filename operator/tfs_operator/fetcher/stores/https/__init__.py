"""Archives on web servers."""
