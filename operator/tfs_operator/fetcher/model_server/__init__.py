"""The model server beside the agent: what it has, and the configuration with which it starts."""
