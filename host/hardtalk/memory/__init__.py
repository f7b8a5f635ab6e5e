"""Memory seen from outside: the heap of a stopped board audited, the collector's time and stretches measured."""
