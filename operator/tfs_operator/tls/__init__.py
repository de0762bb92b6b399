"""The init container of a pod that serves gRPC over TLS: a Secret's files in, the model server's file out."""
