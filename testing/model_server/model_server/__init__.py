"""A test double of `tensorflow_model_server`; testing/model_server/README.md says what it is faithful to."""
