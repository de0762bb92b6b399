"""Ports of the model server's container."""

GRPC_PORT = 8500
REST_PORT = 8501
