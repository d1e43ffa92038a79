"""The review page: a web server for this machine alone."""
