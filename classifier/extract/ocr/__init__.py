"""Recognition of pages without usable text, and pictures as files."""
