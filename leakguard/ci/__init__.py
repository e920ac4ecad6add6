"""What leakguard knows of CI systems: what an event means, what a checkout lacks, how a runner is spoken to."""
