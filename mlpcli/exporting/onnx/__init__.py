"""A model as an ONNX graph: columns of a table in, predictions out."""
