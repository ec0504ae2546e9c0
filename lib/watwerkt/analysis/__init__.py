"""One module per chapter: panel to protected tidy table."""
