"""What the Office formats share: packages, compound files, drawings, numbering."""
