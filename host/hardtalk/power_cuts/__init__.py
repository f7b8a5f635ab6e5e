"""A study: the power cut in every operation of the flash while the board works with files; what is left is judged."""

from hardtalk.power_cuts.campaign import SECTORS, CutPlan, Tally, run_cuts

__all__ = ["SECTORS", "CutPlan", "Tally", "run_cuts"]
