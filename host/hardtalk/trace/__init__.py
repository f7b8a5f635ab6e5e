"""Traces for people to look at: what a board did as slices and instants on tracks, written for the standard viewers."""
