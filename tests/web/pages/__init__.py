"""Pages of several modules of one subject."""
