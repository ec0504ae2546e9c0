"""watwerkt ("what works"): evaluation reports on welfare-to-work policy."""

__version__ = "0.1.0"
