"""What an answer rests on: single worlds, the rule instances behind an atom, pictures of the program."""
