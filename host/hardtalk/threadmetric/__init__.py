"""Thread-Metric's eight tests for Smalltalk and for native processes."""
