"""The person-month panel and the prepared data on disk."""
