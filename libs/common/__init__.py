"""What every service stands on: the event path, the law, time, identity. It imports no service."""
