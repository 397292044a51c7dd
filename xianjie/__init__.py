"""The program: composes services and runs them; no rule stands here."""
