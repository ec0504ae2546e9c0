"""Deliveries with a known truth."""

from watwerkt.synthetic.deliver import Simulated, simulate
from watwerkt.synthetic.sample import write_sample
from watwerkt.synthetic.scenario import Scenario, read_scenario
from watwerkt.synthetic.write import write_delivery

__all__ = ["Scenario", "Simulated", "read_scenario", "simulate", "write_delivery", "write_sample"]
