"""The serial line at full speed: one Smalltalk interrupt a character, and the fastest rate that loses none."""
