"""The cross-check of our evaluator against the official one of the same bucketing generation."""
