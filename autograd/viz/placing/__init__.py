"""Where what is seen goes: a layered layout in pure Python, and places for labels."""
