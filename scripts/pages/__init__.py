"""Text of a chapter, with the outputs of its snippets → page. Knows nothing of the site generator."""
