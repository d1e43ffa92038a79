"""Word 97–2003 documents, and the plain text of older ones."""
