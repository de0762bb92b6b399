"""What the conformance tests are made of: models to serve, processes that serve them, clients to ask."""
