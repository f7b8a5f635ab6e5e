"""The prompt that a person sits at: entries and commands in, answers out; line editing where there is a terminal."""
