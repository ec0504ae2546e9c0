"""Arrays in, a frozen result with ``tidy()`` out."""
