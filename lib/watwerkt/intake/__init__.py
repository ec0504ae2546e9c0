"""Read a delivery: formats, mappings, the privacy guard."""
