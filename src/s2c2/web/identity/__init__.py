"""People and permissions of the annotation app: accounts, sessions, invites, tokens, audit. No torch."""
