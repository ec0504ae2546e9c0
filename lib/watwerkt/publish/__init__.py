"""Tables, figures, sentences and pages, in Dutch and English."""
