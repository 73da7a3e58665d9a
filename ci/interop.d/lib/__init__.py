"""What ci/interop is made of."""
