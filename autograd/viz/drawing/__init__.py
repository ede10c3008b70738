"""Drawing what was placed: SVG, Graphviz, colours, files."""
