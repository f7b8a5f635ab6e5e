"""The command line: options, the errors a user meets, and what each command prints."""
