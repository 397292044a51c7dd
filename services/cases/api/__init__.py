"""HTTP of the case service: translation only."""
