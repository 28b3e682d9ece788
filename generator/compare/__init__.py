"""Rendered objects of two sides → differences, what they mean, and the class of a bump."""
