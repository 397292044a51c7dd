"""The services: each its own deployable, none importing another."""
