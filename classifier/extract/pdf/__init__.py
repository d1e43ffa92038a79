"""PDF files through pdfium."""
