"""Models as ONNX files, which other runtimes run.

    nn.onnx.export(model, example, "model.onnx")

needs the package ``onnx`` (``pip install "glassgrad[onnx]"``), which is imported when it is called.
A model is written operation by operation: ``trace`` tells from several runs what is computed from
what, ``operators`` says for every primitive which operators of ONNX compute it, ``graph`` gathers
nodes, constants and names.
"""

from nn.onnx.export import export
from nn.onnx.operators import names as operation_names

__all__ = ["export", "operation_names"]
