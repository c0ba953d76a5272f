"""The book in other forms: one file, one print, and the lock of its packages."""
