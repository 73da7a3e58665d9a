"""The gateway beside its peers: the same split, the same backends, the same load."""
