"""Benchmarks: what a step, a view, a pack and a prediction cost on this machine, and how the cost grows."""
