"""What builds the book; `python -m scripts` lists what can be done."""
