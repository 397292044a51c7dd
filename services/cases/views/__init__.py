"""Read models of the case service and their queries, one module a question."""
