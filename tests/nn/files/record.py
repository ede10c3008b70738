"""Records weights that PyTorch made, in every format, with the outputs they gave.

    python -m tests.nn.files.record     needs PyTorch; writes the files beside this one

Each file holds, for every layer: its state dict, an input, and the output for it.
"""

import io
from pathlib import Path

HERE = Path(__file__).parent / "fixtures"


def layers(nn):
    """Every kind of layer with parameters or buffers, by name; the same code for both libraries."""
    return {
        "linear": (lambda: nn.Linear(3, 4), (2, 3)),
        "linear without bias": (lambda: nn.Linear(3, 4, bias=False), (2, 3)),
        "conv1d": (lambda: nn.Conv1d(2, 4, 3, stride=2, padding=1, groups=2), (2, 2, 7)),
        "conv2d": (lambda: nn.Conv2d(2, 3, (3, 2), padding=1, dilation=(1, 2)), (1, 2, 5, 6)),
        "conv3d": (lambda: nn.Conv3d(1, 2, 2), (1, 1, 3, 4, 3)),
        "conv_transpose1d": (lambda: nn.ConvTranspose1d(2, 3, 3, stride=2), (1, 2, 4)),
        "conv_transpose2d": (lambda: nn.ConvTranspose2d(2, 3, 3, 2, 1, 1), (1, 2, 4, 4)),
        "conv_transpose3d": (lambda: nn.ConvTranspose3d(1, 2, 2), (1, 1, 2, 3, 2)),
        "batch_norm1d": (lambda: nn.BatchNorm1d(3), (4, 3)),
        "batch_norm2d": (lambda: nn.BatchNorm2d(3), (2, 3, 2, 2)),
        "batch_norm3d": (lambda: nn.BatchNorm3d(2), (2, 2, 2, 2, 2)),
        "layer_norm": (lambda: nn.LayerNorm((2, 3)), (2, 2, 3)),
        "group_norm": (lambda: nn.GroupNorm(2, 4), (2, 4, 3)),
        "instance_norm": (lambda: nn.InstanceNorm2d(2, affine=True), (2, 2, 3, 3)),
        "rms_norm": (lambda: nn.RMSNorm(4, eps=1e-6), (2, 4)),
        "prelu": (lambda: nn.PReLU(3), (2, 3)),
        "bilinear": (lambda: nn.Bilinear(2, 2, 3), (2, 2)),
        "sequential": (lambda: nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU(), nn.Flatten(),
                                             nn.Linear(8, 2)), (1, 1, 4, 4)),
        "embedding": (lambda: nn.Embedding(2, 3), (2, 3)),
        "rnn": (lambda: nn.RNN(3, 4, num_layers=2, nonlinearity="relu"), (3, 2, 3)),
        "lstm": (lambda: nn.LSTM(3, 4, bidirectional=True, batch_first=True), (2, 3, 3)),
        "lstm with projection": (lambda: nn.LSTM(3, 4, proj_size=2), (3, 2, 3)),
        "gru": (lambda: nn.GRU(3, 4, num_layers=2, bidirectional=True), (3, 2, 3)),
        "rnn cell": (lambda: nn.RNNCell(3, 4), (2, 3)),
        "lstm cell": (lambda: nn.LSTMCell(3, 4), (2, 3)),
        "gru cell": (lambda: nn.GRUCell(3, 4), (2, 3)),
        "attention": (lambda: nn.MultiheadAttention(4, 2, batch_first=True), (2, 3, 4)),
        "attention with other keys": (lambda: nn.MultiheadAttention(4, 2, kdim=4, vdim=4, bias=False,
                                                                    add_bias_kv=True), (3, 2, 4)),
        "encoder": (lambda: nn.TransformerEncoder(
            nn.TransformerEncoderLayer(4, 2, 8, norm_first=True), 2, enable_nested_tensor=False
        ), (3, 2, 4)),
        "decoder layer": (lambda: nn.TransformerDecoderLayer(4, 2, 8), (3, 2, 4)),
        "transformer": (lambda: nn.Transformer(4, 2, 1, 1, 8), (3, 2, 4)),
    }  # fmt: skip


def output_of(name, layer, x):
    """What a layer makes of one array of numbers: of several outputs the first."""
    if name == "embedding":
        return layer((x > 0).long())
    inputs = 2 if name in ("bilinear", "decoder layer", "transformer") else 1
    output = layer(*[x] * (3 if name.startswith("attention") else inputs))
    return output[0] if isinstance(output, tuple) else output


def main() -> None:
    import numpy as np
    import safetensors.torch
    import torch

    torch.manual_seed(0)
    recorded = {}
    for name, (make, shape) in layers(torch.nn).items():
        layer = make()
        x = torch.randn(shape)
        for _ in range(2):  # so that running statistics are no defaults
            output_of(name, layer, x)
        layer.eval()
        with torch.no_grad():
            for parameter in layer.parameters():
                parameter.add_(0.1 * torch.randn_like(parameter))
            output = output_of(name, layer, x)
        recorded[name] = {"state": layer.state_dict(), "input": x, "output": output}
    recorded["odd"] = {
        "half": torch.tensor([1.5, -2.25], dtype=torch.float16),
        "bfloat16": torch.tensor([1.5, -3.0, 1e30], dtype=torch.bfloat16),
        "double": torch.tensor(0.1, dtype=torch.float64),
        "int": torch.tensor([[1, -2]], dtype=torch.int32),
        "bytes": torch.tensor([0, 255], dtype=torch.uint8),
        "flags": torch.tensor([True, False]),
        "turned": torch.arange(6.0).reshape(2, 3).T,
        "slice": torch.arange(10.0)[3:9:2],
        "nothing": torch.zeros(0, 3),
        "parameter": torch.nn.Parameter(torch.tensor([7.0])),
        "numbers": {"epoch": 3, "loss": 0.25, "name": "odd", "none": None, "done": True},
        "size": torch.Size([2, 3]),
        "list": [torch.tensor(1.0), (torch.tensor(2), "two")],
    }
    HERE.mkdir(exist_ok=True)
    torch.save(recorded, HERE / "layers.pth")
    torch.save(recorded, HERE / "layers_legacy.pth", _use_new_zipfile_serialization=False)
    flat = {
        f"{name}/{key}" if key != "state" else f"{name}/state/{inner}": tensor
        for name, entry in recorded.items() if name != "odd"
        for key, value in entry.items()
        for inner, tensor in (value.items() if key == "state" else [("", value)])
    }  # fmt: skip
    flat = {key: tensor.contiguous() for key, tensor in flat.items()}
    safetensors.torch.save_file(flat, HERE / "layers.safetensors")
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **{key: tensor.numpy() for key, tensor in flat.items()})
    (HERE / "layers.npz").write_bytes(buffer.getvalue())


if __name__ == "__main__":
    main()
