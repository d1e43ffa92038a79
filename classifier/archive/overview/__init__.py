"""One page over a whole archive: distributions, ranking, trends, near-duplicates, filters."""
