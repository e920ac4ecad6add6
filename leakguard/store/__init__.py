"""What leakguard remembers between runs: baselines and the key of their fingerprints."""
