"""From bytes to matches: anchors, confirmation, offline checks, judgement. It knows no git."""
