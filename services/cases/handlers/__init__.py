"""Use cases of the case service: load, decide, append, in that order."""
