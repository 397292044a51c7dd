"""Libraries of the platform."""
