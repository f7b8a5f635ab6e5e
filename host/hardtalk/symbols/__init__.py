"""What a firmware says of itself: what lies at an address, where an interrupt's moments are, and what differs."""
