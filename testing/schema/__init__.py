"""Accept and reject cases for every rule of the TFModel schema."""
