"""Deliveries with a known truth."""
