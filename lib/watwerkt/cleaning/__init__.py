"""One named function per rule, the ledger, spells."""
