"""Long work shared over processes, how far it is, and what there is of it when Control-C comes."""
