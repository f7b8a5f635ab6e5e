"""SUnit tests run on a booted board."""
