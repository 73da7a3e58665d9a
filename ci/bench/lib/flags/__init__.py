"""What only the bench of the flags knows."""
