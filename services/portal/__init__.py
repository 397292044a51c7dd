"""Portal: the web pages. It will know only the public HTTP APIs; nothing of it runs yet."""
