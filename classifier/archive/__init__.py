"""Archives of many documents: a ledger of every file, resumable runs, tables over the whole."""
