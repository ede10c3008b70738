"""Reading arguments, in one place: numbers, arrays, dtypes, and what is too large to be made."""
