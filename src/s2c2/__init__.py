"""Learn from images whose labels are ambiguous."""
