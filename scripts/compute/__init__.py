"""Snippet → text, figure, values: what runs the programs, and when."""
