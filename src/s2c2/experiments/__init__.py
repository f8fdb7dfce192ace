"""Runs: from a dataset and a configuration to a run folder."""
