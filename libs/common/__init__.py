"""What every service stands on: the event path, the law as a table, time, identity. It imports no service."""
