"""Presentations: PPTX."""
