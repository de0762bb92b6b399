"""What tests, benchmarks and the demo share; it imports nothing of them. docs/design/testing.md has a map."""
