"""What is shown to people and written to files."""
