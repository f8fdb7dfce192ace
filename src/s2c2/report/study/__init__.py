"""Studies over many runs: their tables and figures."""
