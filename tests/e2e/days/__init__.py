"""Tests in a browser that take more than one day: the service runs where they set the clock."""
