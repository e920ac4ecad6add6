"""All that reads git: repositories, packs, history. It knows no rules."""
