"""DOCX and its flat form."""
