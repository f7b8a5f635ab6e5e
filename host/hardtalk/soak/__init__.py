"""Boards that work for a long time, disturbed at random, their heaps audited, side by side over processes."""
