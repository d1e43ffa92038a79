"""HTML and web archives."""
