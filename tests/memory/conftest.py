"""Lets the tests of this folder import each other's small heaps, and the bare ARM of tests/primitives."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
sys.path.append(str(Path(__file__).parents[1]))
