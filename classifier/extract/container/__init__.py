"""Archives and mails."""
