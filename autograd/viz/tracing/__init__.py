"""From tensors to a trace: the graph and its backward pass as plain data."""
