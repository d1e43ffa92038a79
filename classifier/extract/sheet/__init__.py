"""Spreadsheets: XLSX, XLS, ODS, CSV."""
