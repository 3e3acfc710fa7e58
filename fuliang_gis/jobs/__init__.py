"""Background work: a queue in the database itself, its tasks and their worker."""
