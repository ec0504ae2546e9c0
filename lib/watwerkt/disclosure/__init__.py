"""The last step before a number leaves: protected frames and the policy."""
