"""What was done: visits with their answers, readings and files."""
