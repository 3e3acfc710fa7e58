"""The HTTP edge: pages, API, security headers, error answers, logs and health."""
