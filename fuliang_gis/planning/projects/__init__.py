"""Projects and proposed facilities of a plan, and the analyses that suggest them."""
