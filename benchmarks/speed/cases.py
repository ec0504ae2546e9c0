"""Each estimator beside the obvious alternative, on made-up people.

Both get the same frame and return the figures that must agree: an estimate, mostly with its error.
What the alternative cannot do (degrees of freedom, delayed entry, refusals) it is let off.
"""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[1] / "truth"))

import cases_caseload
import cases_contact
import cases_exits
import cases_trials

CASES = cases_contact.CASES | cases_caseload.CASES | cases_trials.CASES | cases_exits.CASES
