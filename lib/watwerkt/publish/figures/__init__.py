"""Figures: a finished tidy table in, a matplotlib Figure out; nothing is shown or saved here."""

from watwerkt.publish.figures.bars import plot_bands, plot_stack
from watwerkt.publish.figures.flow import plot_flow
from watwerkt.publish.figures.forest import plot_forest
from watwerkt.publish.figures.journeys import plot_journeys
from watwerkt.publish.figures.layers import plot_layers
from watwerkt.publish.figures.lines import plot_curve, plot_lines
from watwerkt.publish.figures.municipalities import plot_funnel, plot_municipalities
from watwerkt.publish.figures.pairs import plot_pairs
from watwerkt.publish.figures.pyramid import plot_pyramid
from watwerkt.publish.figures.tiles import plot_tiles

__all__ = [
    "plot_bands",
    "plot_curve",
    "plot_flow",
    "plot_forest",
    "plot_funnel",
    "plot_journeys",
    "plot_layers",
    "plot_lines",
    "plot_municipalities",
    "plot_pairs",
    "plot_pyramid",
    "plot_stack",
    "plot_tiles",
]
