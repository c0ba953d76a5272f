"""A lab's source → the student's notebook, the solved one, the executed one, and its page."""
