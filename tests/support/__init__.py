"""What several tests stand on: real servers, never imitations."""
