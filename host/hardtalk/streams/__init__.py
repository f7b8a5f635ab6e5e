"""Streams that come in and go out on a MediaWire ring while the board does something else: what was lost."""
