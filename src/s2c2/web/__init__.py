"""The annotation app: an append-only log of acts, and the board that is its fold."""
