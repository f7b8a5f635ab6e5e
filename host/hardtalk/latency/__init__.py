"""The latency laboratory: how long a raised interrupt line waits for its handler, seen from outside the firmware."""
