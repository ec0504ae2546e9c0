"""Run one chapter, write one report."""
