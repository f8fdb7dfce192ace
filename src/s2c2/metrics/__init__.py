"""Scores as pure functions: NumPy arrays in, plain numbers out. No torch."""
