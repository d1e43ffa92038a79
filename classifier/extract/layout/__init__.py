"""From glyphs on pages to lines, paragraphs and tables; shared by all paged formats."""
