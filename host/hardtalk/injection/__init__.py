"""Interrupts injected at every instruction, from the same state each time, and everything looked at afterwards."""
