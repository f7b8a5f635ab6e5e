"""Worst cases proven from a firmware's code: until the next look at interrupts, masked, and of a whole answer."""
