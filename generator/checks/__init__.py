"""What is wrong although the schemas allow it; one subject a file."""
