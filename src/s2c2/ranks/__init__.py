"""Several processes that train one run: each has a share of every batch, all have the same network."""
