"""Switches of binaries and reloads under load: what clients lose by them."""
