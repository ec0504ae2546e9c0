"""Figures: a finished tidy table in, a matplotlib Figure out; nothing is shown or saved here."""

from watwerkt.publish.figures.bars import plot_bands, plot_stack
from watwerkt.publish.figures.forest import plot_forest
from watwerkt.publish.figures.lines import plot_curve, plot_lines

__all__ = ["plot_bands", "plot_curve", "plot_forest", "plot_lines", "plot_stack"]
