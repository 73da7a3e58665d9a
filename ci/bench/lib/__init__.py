"""What the benches of this project share: one idea per file, the standard library only."""
