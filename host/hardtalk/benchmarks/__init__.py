"""The programs that other interpreters were measured with, what an allocation costs, and the speed of the emulation."""
