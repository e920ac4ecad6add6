"""What to do about a finding."""
