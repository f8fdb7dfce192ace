"""The annotation app: an append-only log of acts, the board that is its fold, and a server. No torch."""
