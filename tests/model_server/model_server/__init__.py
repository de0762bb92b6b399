"""A test double of `tensorflow_model_server`; tests/model_server/README.md says what it is faithful to."""
