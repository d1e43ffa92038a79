"""The command ``scan``: one file with its report, JSON lines of many, or a whole archive."""
