"""Two drafts of one document side by side: what changed, and what that means for people."""
