"""Characters, encodings and headings of Chinese text, whatever the format."""
