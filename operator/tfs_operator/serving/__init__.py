"""What the operator asks and tells the model server of one pod: status (REST) and reload (gRPC)."""
