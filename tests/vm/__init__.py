"""Tests of the virtual machine in Slang."""
