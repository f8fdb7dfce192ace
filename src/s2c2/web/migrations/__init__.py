"""Steps from each version of the tables to the next, run at start."""
