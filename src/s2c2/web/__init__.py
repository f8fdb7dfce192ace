"""The annotation app: a server on which people accept, split and correct proposals. No torch."""
