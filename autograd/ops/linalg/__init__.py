"""Linear algebra: decompositions, norms, diagonals and triangles, least squares."""
