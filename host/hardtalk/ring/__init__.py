"""Several boards on one MediaWire ring, in step, side by side over processes."""
