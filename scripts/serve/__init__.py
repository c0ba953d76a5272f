"""While serving: what is missing is computed in a line, and what a reader looks at comes first."""
