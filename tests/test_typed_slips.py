"""What students type, and what they are told: the argument's name, what came, what would be right.

A table of slips; each of them names what to write instead or the shapes that do not fit.
"""

import copy
import warnings

import numpy as np
import pytest

import autograd as ag
import nn
import nn.functional as F
from autograd import debug, viz
from nn import optim


def x():
    return ag.tensor(np.ones((2, 3), np.float32), requires_grad=True)


def img():
    return ag.tensor(np.ones((2, 3, 8, 8), np.float32))


def hwc():
    return ag.tensor(np.ones((2, 8, 8, 3), np.float32))


def cnn():
    return nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(100, 10))


def model():
    return nn.Linear(3, 2)


def opt():
    return optim.SGD(model().parameters(), lr=0.1)


class ListNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = [nn.Linear(3, 3), nn.Linear(3, 2)]


class NoForward(nn.Module):
    pass


class Foward(nn.Module):
    def foward(self, x):
        return x


class Inti(nn.Module):
    def __inti__(self, size):
        self.layer = nn.Linear(size, 2)

    def forward(self, x):
        return self.layer(x)


@ag.primitive
def square(x):
    return x * x


@ag.primitive
def doubled(x):
    return x.detach() + x


@ag.primitive
def rectified(x):
    return x.relu()


@ag.primitive
def squared(x):
    return x.data * x.data


square.gradients(x=lambda g, x: 2 * x.data * g)


class Nested(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU())
        self.head = nn.Sequential(nn.Flatten(), nn.Linear(100, 10))

    def forward(self, x):
        return self.head(self.body(x))


NAMES = {
    "Foward": Foward, "Inti": Inti, "doubled": doubled, "rectified": rectified, "square": square,
    "squared": squared, "copy": copy, "F": F, "ListNet": ListNet, "Nested": Nested, "NoForward": NoForward, "ag": ag, "cnn": cnn, "debug": debug,
    "hwc": hwc, "img": img, "model": model, "nn": nn, "np": np, "opt": opt, "optim": optim,
    "viz": viz, "x": x,
}  # fmt: skip

SLIPS = {
    'ag.tensor([1.0], require_grad=True)': "did you mean 'requires_grad'",
    'ag.tensor([1.0], requires_gradient=True)': "did you mean 'requires_grad'",
    'ag.tensor([1.0], requires_grads=True)': "did you mean 'requires_grad'",
    'ag.tensor([1.0], True)': 'Tensor: dtype=True is not a dtype; use e.g. np.float32',
    'ag.tensor(1.0, 2.0)': 'Tensor: dtype=2.0 is not a dtype; use e.g. np.float32',
    'ag.tensor([1, 2], requires_grad=True)': 'make it a float, e.g. t.astype(np.float32)',
    'ag.tensor("abc")': 'tensors are float16, float32, float64, integer or bool',
    'ag.tensor([[1.0, 2.0], [3.0]])': 'Tensor: the nested lists are ragged; every row must have the same length',
    'ag.tensor([1.0, None])': 'Tensor: expected numbers, nested lists of numbers or an array, got NoneType',
    'ag.tensor([1.0], dtype="flaot32")': "Tensor: dtype='flaot32' is not a dtype; use e.g. np.float32",
    'ag.tensor([1.0], device="cuda")': "write 'cpu', or leave the device out",
    'ag.zeros(2, 3, requiresgrad=True)': "did you mean 'requires_grad'",
    'ag.tesnor([1.0])': "did you mean 'tensor'",
    'ag.nn': 'write import nn: it is a package beside this one',
    'ag.optim': "module 'autograd' has no attribute 'optim'; write nn.optim: import nn",
    'x().backward()': 'this one has shape (2, 3). Sum it, or give a gradient of that shape',
    'x().sum().backward(retain=True)': "did you mean 'retain_graph'",
    'x().sum().backward(retain_grad=True)': "did you mean 'retain_graph'",
    'x().sum().backward(create_graphs=True)': "did you mean 'create_graph'",
    'x().sum().backwards()': "did you mean 'backward'",
    'x().sum().back()': "did you mean 'backward'",
    'x().sum().grads': "did you mean 'grad'",
    'x().sum().items()': "did you mean 'item'",
    'x().item()': 'item(): the tensor has 6 elements, not one',
    'x().zero_grad()': "did you mean 'zero_'",
    'x().gradient': "did you mean 'grad'",
    'x().size(5)': 'size: dim 5 is out of range; allowed is from -2 to 1',
    'x().reshape(7)': 'reshape: 6 elements (shape (2, 3)) do not fit shape (7,), which has 7',
    'x().view(4, 2)': 'reshape: 6 elements (shape (2, 3)) do not fit shape (4, 2), which has 8',
    'x().transpose(0, 5)': 'transpose: axes 5 is out of range; allowed is from -2 to 1',
    'x().permute(0)': 'name each once (swapaxes exchanges two)',
    'x().sum(dim=3)': 'sum: axis 3 is out of range; allowed is from -2 to 1',
    'x().sum(axes=0)': "did you mean 'axis'",
    'x() @ x()': 'matmul: shapes (2, 3) and (2, 3) do not fit: x has 3 columns, y has 2 rows',
    'x() @ np.ones(4)': 'matmul: shapes (2, 3) and (4,) do not fit: x has 3 columns, y has 4 rows',
    'x() + np.ones(4)': 'add: shapes (2, 3) and (4,) do not broadcast together',
    'x() * "a"': 'multiply: y must be a tensor, an array or a number, got str',
    'x() + None': 'add: y must be a tensor, an array or a number, got NoneType',
    'x() and x()': 'the truth value of a tensor with 6 elements is ambiguous; use .any() or .all()',
    'bool(x())': 'the truth value of a tensor with 6 elements is ambiguous; use .any() or .all()',
    'int(x())': 'int(): the tensor has 6 elements, not one',
    'float(x())': 'float(): the tensor has 6 elements, not one',
    'x()[5]': 'getitem: index 5 is out of bounds for axis 0 with size 2 (x has shape (2, 3))',
    'x()[0, 9]': 'getitem: index 9 is out of bounds for axis 1 with size 3 (x has shape (2, 3))',
    'x()["a"]': 'getitem: an index must be an slice, None, Ellipsis, integer array or bool m',
    'len(x().sum())': 'len() of a 0-d tensor',
    'x().detatch()': "did you mean 'detach'",
    'x().cuda()': 'leave .cuda() out',
    'x().to("cuda")': "write 'cpu', or leave the device out",
    'np.array(x())': 'use t.detach().numpy()',
    'viz.scalers(lambda a: a, 1.0)': "did you mean 'scalars'",
    'viz.scalars(lambda a: a)': 'they follow f: viz.scalars(f, x, w)',
    'viz.scalars([1.0], lambda a: a)': 'scalars: f must be a function or a module, got list: viz.scalars(f, x, w) d',
    'viz.graph(model())': 'viz.summary(model, x.shape) is the table of its layers',
    'viz.graph(x)': 'viz.summary(model, x.shape) is the table of its layers',
    'viz.graph(x().numpy())': 'use t.detach().numpy()',
    'viz.step(model())': 'viz.summary(model, x.shape) is the table of its layers',
    'viz.step(x())': 'this one has shape (2, 3). Sum it, or give a gradient of that shape',
    'viz.step(x() * 2)': 'this one has shape (2, 3). Sum it, or give a gradient of that shape',
    'viz.graph(x().sum(), colapse=True)': "did you mean 'collapse'",
    'viz.graph(x().sum(), show="grad")': "show must be None, 'time', 'memory' or 'gradient'; got 'grad'",
    'viz.step(x().sum(), themes="dark")': "did you mean 'theme'",
    'viz.scalars(lambda a: a * 2, 1.0, titel="a")': "did you mean 'title'",
    'viz.conv(model(), img())': 'viz.conv: give a convolution (anything with a weight and a stride, such as ',
    'viz.conv(nn.Conv2d(3, 4, 3), img(), at=(0, 9, 0, 0))': 'at=(0, 9, 0, 0): channel 9 is out of range; the output has 4 channels, 0 to 3',
    'viz.output_size(5, 3, strides=2)': "did you mean 'stride'",
    'viz.pool(nn.Conv2d(3, 4, 3), img())': 'got Conv2d; viz.conv looks into convolutions',
    'viz.kernels(model())': 'to see its rows as planes, give layer.weight.reshape(-1, 1, height, width)',
    'viz.summary(cnn())': 'summary: give the shape of an input, as in viz.summary(model, (1, 3, 32, 32))',
    'viz.summary(cnn(), 3)': 'conv2d: input must be (N, C, H, W) or (C, H, W), got shape ()',
    'viz.summary(cnn(), (3, 8, 8))': 'linear: x (..., I) and the weight (O, I) do not fit together, got x (4, 36)',
    'viz.attention(model(), x())': 'viz.attention: no attention was found: there is no softmax over the last ax',
    'viz.tensor_html([1, 2])': 'tensor_html shows a Tensor; got list',
    'viz.receptive_field(cnn(), "conv1", (0, 0))': "viz.receptive_field: the model has no layer 'conv1'; it has 0, 1, 2, 3",
    'viz.shift_test(cnn(), img(), dx=1, dz=0)': "shift_test: there is no argument 'dz'. It takes model, x, dy, dx, tolerance",
    'nn.Conv2d(3, 4)': "Conv2d: missing a required argument: 'kernel_size'. It takes nn.Conv2d(in_c",
    'nn.Conv2d(3, 4, 3, strides=2)': "did you mean 'stride'",
    'nn.Conv2d(3, 4, 3, pad=1)': "did you mean 'padding'",
    'nn.Conv2d(3, 4, 3, padding="smae")': "Conv2d: padding must be 'valid' or 'same', got 'smae'",
    'nn.Conv2d(3, 4, kernel=3)': "did you mean 'kernel_size'",
    'nn.Conv2d(in_channel=3, out_channels=4, kernel_size=3)': "did you mean 'in_channels'",
    'nn.Conv2d(3.0, 4, 3)': 'Conv2d: in_channels must be a positive integer, got 3.0 (float)',
    'nn.Conv2d(3, 4, 0)': 'Conv2d: kernel_size must be a positive integer, got 0',
    'nn.Conv2d(3, 4, (3, 3, 3))': 'Conv2d: kernel_size must be a positive integer or 2 of them, got 3: (3, 3, 3)',
    'nn.Conv2d(3, 4, 3, groups=2)': 'Conv2d: groups=2 does not divide in_channels=3',
    'nn.Conv2D(3, 4, 3)': "did you mean 'Conv2d'",
    'nn.conv2d(3, 4, 3)': "did you mean 'Conv2d'",
    'nn.Linear(3)': "Linear: missing a required argument: 'out_features'. It takes nn.Linear(in_",
    'nn.Linear(in_=3)': "did you mean 'in_features'",
    'nn.Linear(in_feature=3, out_features=2)': "did you mean 'in_features'",
    'nn.Linear(3, 2, 1)': 'Linear: bias must be True or False, got 1',
    'nn.Linear(3, 2, biass=False)': "did you mean 'bias'",
    'nn.Linear("3", 2)': "Linear: in_features must be a positive integer, got '3' (str)",
    'nn.linear(3, 2)': "did you mean 'Linear'",
    'nn.Dense(3, 2)': "did you mean 'Linear'",
    'nn.MaxPool2d()': "MaxPool2d: missing a required argument: 'kernel_size'. It takes nn.MaxPool2",
    'nn.MaxPool(2)': "did you mean 'MaxPool2d'",
    'nn.MaxPool2d(2, 2, 2)': 'MaxPool2d: padding (2, 2) must be at most half of the window (2, 2)',
    'nn.BatchNorm(3)': "did you mean 'BatchNorm2d'",
    'nn.BatchNorm2d(3)(x())': 'BatchNorm2d: input must be (N, C, H, W), got shape (2, 3)',
    'nn.BatchNorm2d(4)(img())': 'BatchNorm2d: the input (2, 3, 8, 8) has 3 channels, but num_features is 4',
    'nn.Dropout(1.5)': 'Dropout: p must satisfy 0.0 ≤ p ≤ 1.0, got 1.5',
    'nn.Dropout(50)': 'Dropout: p must satisfy 0.0 ≤ p ≤ 1.0, got 50',
    'nn.DropOut(0.5)': "did you mean 'Dropout'",
    'nn.ReLU(x())': 'its settings are inplace.',
    'nn.Relu()': "did you mean 'ReLU'",
    'nn.ReLu()': "did you mean 'ReLU'",
    'nn.Softmax(x())': 'its settings are dim.',
    'nn.Flatten(img())': 'its settings are start_dim, end_dim.',
    'nn.Sequential([nn.Linear(3, 2)])': 'unpack it: nn.Sequential(*layers)',
    'nn.Sequential(nn.ReLU)': 'build the layer: nn.ReLU(…)',
    'nn.Sequential(nn.Linear(3, 2), F.relu)': 'a layer is a Module, such as nn.ReLU() for F.relu',
    'nn.Sequential(nn.Linear(3, 4), nn.Linear(5, 2))(x())': 'linear: x (..., I) and the weight (O, I) do not fit together, got x (2, 4) ',
    'cnn()(hwc())': 'its last axis is 3 long: channels come second, x.transpose((0, 3, 1, 2))',
    'cnn()(img()[0])': 'linear: x (..., I) and the weight (O, I) do not fit together, got x (4, 36)',
    'cnn()(np.ones((2, 3, 8, 8)))': 'write model(x.astype(numpy.float32)), or make the parameters float64 with model.double()',
    'nn.Conv2d(3, 4, 3)(hwc())': 'its last axis is 3 long: channels come second, x.transpose((0, 3, 1, 2))',
    'nn.Conv2d(3, 4, 3)(img()[0, 0])': 'conv2d: input must be (N, C, H, W) or (C, H, W), got shape (8, 8)',
    'nn.Conv2d(3, 4, 3)(ag.tensor(np.ones((2, 3, 2, 2), np.float32)))': 'conv2d: kernel (3, 3) with dilation (1, 1) does not fit the padded input 2×2',
    'nn.Conv2d(1, 4, 3)(ag.tensor(np.ones((8, 8), np.float32)))': 'conv2d: input must be (N, C, H, W) or (C, H, W), got shape (8, 8)',
    'nn.Conv2d(1, 4, 3)(ag.tensor(np.ones((5, 8, 8), np.float32)))': 'conv2d: the input (1, 5, 8, 8) has 5 channels, but the kernel (4, 1, 3, 3) ',
    'nn.Conv2d(3, 4, 3)(ag.tensor(np.ones((2, 3, 8, 8), np.int64)))': 'convert it, e.g. x.astype(np.float32)',
    'nn.Conv2d(3, 4, 3)(ag.tensor(np.ones((2, 3, 8, 8), np.uint8)))': 'convert it, e.g. x.astype(np.float32)',
    'nn.Linear(4, 2)(x())': 'linear: x (..., I) and the weight (O, I) do not fit together, got x (2, 3) ',
    'nn.Linear(3, 2)(np.ones((2, 3)))': 'write model(x.astype(numpy.float32)), or make the parameters float64 with model.double()',
    'nn.Linear(3, 2).forwrad(x())': "did you mean 'forward'",
    'model().parameter()': "did you mean 'parameters'",
    'model().params()': "did you mean 'parameters'",
    'model().weights': "did you mean 'weight'",
    'model().wieght': "did you mean 'weight'",
    'model().weight.zero()': "did you mean 'zero_'",
    'model().evaluate()': "did you mean 'eval'",
    'model().zero_grads()': "did you mean 'zero_grad'",
    'model().state_dicts()': "did you mean 'state_dict'",
    'model().load_state_dict({"weigth": np.ones((2, 3), np.float32)})': 'missing: weight, bias',
    'model().load_state_dict({"weight": np.ones((3, 2), np.float32), "bias": np.ones(2, np.float32)})': 'weight: expected shape (2, 3), got (3, 2)',
    'model().load_state_dict("model.npz")': 'load_state_dict: expected a mapping of names to tensors, got str',
    'model().fit(x(), x())': "'Linear' object has no attribute 'fit'; write nn.train.fit(model, …)",
    'model().predict(x())': "'Linear' object has no attribute 'predict'; write model(x)",
    'model().save("x")': "'Linear' object has no attribute 'save'; write nn.save(model.state_dict(), path)",
    'model().summary()': 'write viz.summary(model, input_shape): from autograd import viz',
    'model().cuda()': 'Linear.cuda: everything here runs on the CPU; leave it out',
    'optim.SGD(ListNet().parameters(), lr=0.1)': 'SGD: params is empty; there is nothing to optimize',
    'NoForward()(x())': 'NoForward defines no forward(), so it cannot be called',
    'optim.SGD(model(), lr=0.1)': 'write model.parameters()',
    'optim.SGD(model().parameters)': 'call it: parameters()',
    'optim.SGD(model().parameters(), 0.1).step(x())': 'SGD: closure must be a function, got Tensor([[1., 1., 1.], [1., 1., 1.]], r',
    'optim.SGD(model().parameters(), learning_rate=0.1)': "did you mean 'lr'",
    'optim.SGD(model().parameters(), lr="0.1")': "SGD: lr must be a number, got '0.1'",
    'optim.SGD(model().parameters(), lr=-1)': 'SGD: lr must be finite, at least 0; got -1',
    'optim.SGD([], lr=0.1)': 'SGD: params is empty; there is nothing to optimize',
    'optim.SGD([x() * 2], lr=0.1)': 'optimize the tensors it was made from',
    'optim.SGD(model().weight, lr=0.1)': 'put it into a list',
    'optim.SGD([np.ones(3)], lr=0.1)': 'SGD: parameter 0 must be a tensor, got ndarray',
    'optim.SGD(model().parameters(), lr=0.1, momentums=0.9)': "did you mean 'momentum'",
    'optim.Adam(model().parameters(), lr=0.1, beta=(0.9, 0.99))': "did you mean 'betas'",
    'optim.Adam(model().parameters(), lr=0.1, betas=0.9)': 'Adam: betas must be a pair of numbers, got 0.9',
    'optim.ADAM(model().parameters())': "did you mean 'Adam'",
    'optim.Sgd(model().parameters(), lr=0.1)': "did you mean 'SGD'",
    'opt().zero_grads()': "did you mean 'zero_grad'",
    'opt().zerograd()': "did you mean 'zero_grad'",
    'opt().zero()': "did you mean 'zero_grad'",
    'opt().steps()': "did you mean 'step'",
    'optim.lr_scheduler.StepLR(model(), 3)': 'StepLR: optimizer must be an nn.optim optimizer, got Linear',
    'optim.lr_scheduler.StepLr(opt(), 3)': "did you mean 'StepLR'",
    'F.softmax(x(), axes=1)': "softmax: there is no argument 'axes'; did you mean 'dim'? It takes nn.functional.softmax(",
    'F.softmax(x(), axis=1)': "did you mean 'dim'",
    'F.log_softmax(x(), dims=1)': "did you mean 'dim'",
    'F.max_pool2d(img(), kernel=2)': "did you mean 'kernel_size'",
    'F.conv2d(img(), np.ones((4, 3, 3, 3), np.float32), strides=2)': "did you mean 'stride'",
    'F.dropout(x(), 0.5, train=True)': "did you mean 'training'",
    'F.cross_entropy(x())': "missing a required argument: 'target'. It takes nn.functional.cross_entropy(input, target,",
    'F.relu()': "missing a required argument: 'input'. It takes nn.functional.relu(",
    'F.relu6(x(), 1, 2, 3)': "relu6: too many positional arguments. It takes nn.functional.relu6(",
    'F.sigmoid(x(), dim=1)': "sigmoid: there is no argument 'dim'",
    'F.ReLU(x())': "did you mean 'relu'",
    'F.Linear(x(), x())': "did you mean 'linear'",
    'F.CrossEntropyLoss()': "did you mean 'cross_entropy'",
    'F.MSELoss()': "did you mean 'mse_loss'",
    'F.flatten(img())': "write x.flatten(1), or nn.Flatten() as a layer",
    'F.conv(img())': "nn.functional.conv is a module, not a function; did you mean 'conv2d'",
    'optim.adam(model().parameters(), 0.1)': "nn.optim.adam is a module, not a function; did you mean 'Adam'",
    'optim.sgd(model().parameters(), 0.1)': "did you mean 'SGD'",
    'optim.rmsprop(model().parameters())': "did you mean 'RMSprop'",
    'optim.adamW(model().parameters())': "did you mean 'AdamW'",
    'optim.lr_scheduler.cosine(opt(), 3)': "did you mean 'CosineAnnealingLR'",
    'nn.parameter(np.ones(3))': "did you mean 'Parameter'",
    'nn.module()': "did you mean 'Module'",
    'nn.train(model())': "model.train() sets the mode, nn.train.fit(model, ...) trains",
    'nn.init(model().weight)': "write e.g. nn.init.kaiming_normal_(weight)",
    'nn.functional(x())': "write e.g. nn.functional.relu(x)",
    'nn.data.loader(x())': "did you mean 'DataLoader'",
    'nn.relu(x())': "did you mean 'ReLU'",
    'nn.softmax(x())': "did you mean 'Softmax'",
    'nn.flatten(img())': "did you mean 'Flatten'",
    'nn.dropout(0.5)': "did you mean 'Dropout'",
    'nn.maxpool2d(2)': "did you mean 'MaxPool2d'",
    'nn.MaxPooling2D(2)': "did you mean 'MaxPool2d'",
    'nn.crossentropyloss()': "did you mean 'CrossEntropyLoss'",
    'nn.mse_loss(x(), x())': "did you mean 'MSELoss'",
    'nn.utils.clip_grad_norm_(model(), 1.0)': "write model.parameters()",
    'debug.backprop(x().sum())': "did you mean 'Backprop'",
    'debug.trace(x())': "did you mean 'record'",
    'ag.func.gradient(lambda a: a)': "did you mean 'grad'",
    'viz.draw(x())': "did you mean 'graph'",
    'viz.show(x())': "did you mean 'graph'",
    'viz.Graph(x().sum())': "did you mean 'graph'",
    'viz.graph(x().sum()).show()': "did you mean 'save'",
    'viz.step(x().sum()).show()': "did you mean 'save'",
    'viz.graph(x().sum(), most=0)': "most must be a positive integer, got 0",
    'ag.randn((2, 3), seed=1)': "did you mean 'generator'",
    'ag.sum(x(), dims_=1)': "unexpected keyword argument 'dims_'; did you mean 'axis'",
    'ag.stack(x(), x())': "the arrays come in a list: stack([x, y])",
    'ag.concatenate(x(), x())': "the arrays come in a list: concatenate([x, y])",
    'ag.cat(x(), x())': "the arrays come in a list: concatenate([x, y])",
    'ag.ReLU(x())': "did you mean 'relu'",
    'ag.NoGrad()': "did you mean 'no_grad'",
    'model().layers': "did you mean 'children'",
    'nn.Linear(64, 10)(ag.tensor(np.ones((5, 1, 8, 8), np.float32)))': "flatten it first: x.flatten(1), or nn.Flatten()",
    'nn.Sequential(nn.Flatten(), nn.Linear(192, 10))(img()[0])': "3 · 64 = 192: is it one sample without a batch axis? x[None]",
    'nn.Sequential(nn.Flatten(), nn.Linear(64, 10))(img()[0, 0])': "is it one sample without a batch axis? x[None]",
    'nn.Sequential(nn.Conv2d(3, 4, 3), nn.Flatten(), nn.Linear(144, 10))(img()[0])': "4 · 36 = 144: is it one sample",
    'nn.Linear(5, 2)(x())': "x has 3 features: nn.Linear(3, 2) would fit",
    'F.linear(x(), np.ones((3, 2), np.float32))': "weight.T would fit",
    'cnn()(img())': "x has 144 features: nn.Linear(144, 10) would fit",
    'F.crossentropy(x(), np.array([0, 1]))': "did you mean 'cross_entropy'",
    'F.cross_entropy(x(), np.array([0.0, 1.0]))': 'for classes, give integers',
    'F.cross_entropy(x(), np.array([0, 5]))': 'cross_entropy: target 5 is not one of the 3 classes 0…2 nor ignore_index=-100',
    'F.cross_entropy(x(), np.array([0, -1]))': 'cross_entropy: target -1 is not one of the 3 classes 0…2 nor ignore_index=-100',
    'F.cross_entropy(x(), np.array([[0], [1]]))': 'targets.squeeze(1) has no column',
    'F.cross_entropy(x(), np.array([0, 1, 2]))': 'cross_entropy: for x of shape (2, 3) targets must have shape (2,), got (3,)',
    'F.cross_entropy(x(), np.eye(3, dtype=int)[[0, 1]])': 'for rows that are 1 at the class, give its number: targets.argmax(axis=1)',
    'F.cross_entropy(x(), [0, 1], reduction="avg")': "cross_entropy: reduction must be one of 'none', 'mean', 'sum'; got 'avg'",
    'nn.CrossEntropyLoss(x(), np.array([0, 1]))': 'its settings are weight, size_average, ignore_index, reduce, reduction, label_smoothing.',
    'nn.CrossEntropy()': "did you mean 'CrossEntropyLoss'",
    'nn.MSELoss()(x(), np.ones((2, 4), np.float32))': 'mse_loss: input and target must have the same shape, got (2, 3) and (2, 4)',
    'nn.MSELoss()(x(), np.ones(2, np.float32))': 'mse_loss: input and target must have the same shape, got (2, 3) and (2,)',
    'nn.MSE()': "did you mean 'MSELoss'",
    'F.mse(x(), x())': "did you mean 'mse_loss'",
    'F.mse_loss(x(), None)': 'mse_loss: target: expected numbers, nested lists of numbers or an array, go',
    'F.nll(x(), [0, 1])': "did you mean 'nll_loss'",
    'F.nll_loss(x(), np.array([0.5, 1]))': 'nll_loss: target must hold integers, got dtype float64',
    'F.bce_loss(x(), x())': "did you mean 'binary_cross_entropy'",
    'F.binary_cross_entropy(x() * 3, np.ones((2, 3), np.float32))': 'binary_cross_entropy_with_logits takes scores of any size',
    'F.softmax(x(), dim=5)': 'softmax: dim 5 is out of range; allowed is from -2 to 1',
    'F.Relu(x())': "did you mean 'relu'",
    'F.maxpool2d(img(), 2)': "did you mean 'max_pool2d'",
    'F.max_pool2d(img(), 20)': 'max_pool2d: window (20, 20) with dilation (1, 1) and padding (0, 0) does no',
    'F.conv2d(img(), np.ones((4, 1, 3, 3), np.float32))': 'conv2d: the input (2, 3, 8, 8) has 3 channels, but the kernel (4, 1, 3, 3) ',
    'F.conv2d(img(), np.ones((3, 3), np.float32))': 'conv2d: weight must have 4 axes, two for channels and 2 in space, got shape',
    'F.dropout(x(), p=2)': 'dropout: p must satisfy 0.0 ≤ p ≤ 1.0, got 2',
    'F.one_hot(np.array([0, 7]), 3)': 'one_hot: class 7 is not one of the 3 classes 0…2',
    'F.one_hot(np.array([0.0, 1.0]), 3)': 'one_hot: tensor must hold integers, got dtype float64',
    'ag.nograd()': "did you mean 'no_grad'",
    'ag.no_grads()': "did you mean 'no_grad'",
    'ag.gradcheck(lambda a: a * 2, 1.0)': 'write autograd.func.gradcheck(function, *inputs)',
    'ag.gradcheck(lambda a: 3.0, x())': 'write autograd.func.gradcheck(function, *inputs)',
    'ag.gradcheck(x())': 'write autograd.func.gradcheck(function, *inputs)',
    'ag.grad(lambda a: a * 2)(x())': 'autograd.func.grad(f) makes the gradient of a function',
    'ag.grad(x().sum())': 'grad: inputs is missing; give the tensors to differentiate by',
    'ag.grad(x().sum(), np.ones(3))': 'grad: inputs must be a tensor or a sequence of tensors',
    'ag.manual_seeds(0)': "did you mean 'manual_seed'",
    'ag.manual_seed("a")': "manual_seed: seed must be an integer, got 'a'",
    'ag.manual_seed(1.5)': 'manual_seed: seed must be an integer, got 1.5',
    'debug.Backprop(x())': 'this one has shape (2, 3). Sum it, or give a gradient of that shape',
    'debug.Backprop(model())': 'Backprop: expected a Tensor, got Linear',
    'debug.Backprop(x().sum()).until(opp="sum")': "did you mean 'op'",
    'debug.Backprop(x().sum()).until(op="conv")': "until: no operation 'conv' in this graph; there are sum",
    'debug.recrod()': "did you mean 'record'",
    'nn.Embedding(10, 4)(np.array([11]))': 'embedding: index 11 is not one of the 10 rows 0…9',
    'nn.Embedding(10, 4)(np.array([0.5]))': 'embedding: input must hold integers, got dtype float64',
    'nn.Embedding(10, 4)(x())': 'embedding: input must hold integers, got dtype float32',
    'nn.LSTM(3, 4)(ag.tensor(np.ones((2, 5, 7), np.float32)))': 'LSTM: input must have shape (T, N, 3) or (T, 3), got (2, 5, 7)',
    'nn.MultiheadAttention(5, 2)': 'MultiheadAttention: embed_dim=5 must be a multiple of num_heads=2',
    'nn.MultiHeadAttention(4, 2)': "did you mean 'MultiheadAttention'",
    'nn.ModuleList(nn.Linear(3, 2))': 'ModuleList: items must be a list or another iterable, got Linear(in_feature',
    'nn.ModuleList([nn.Linear(3, 2)])(x())': 'ModuleList defines no forward(), so it cannot be called',
    'nn.ModuleList([3])': 'ModuleList.extend: expected a Module, got int',
    'nn.Parameter([1.0, "a"])': 'tensors are float16, float32, float64, integer or bool',
    'nn.Parameters(np.ones(3))': "did you mean 'Parameter'",
    'nn.LayerNorm(4)(x())': 'layer_norm: input must end in normalized_shape (4,), got shape (2, 3)',
    'nn.init.xavier(model().weight)': "did you mean 'xavier_uniform_'",
    'nn.init.kaiming_uniform(model().weight)': "did you mean 'kaiming_uniform_'",
    'nn.init.xavier_uniform_(model().bias)': 'xavier_uniform_: expected a tensor with 2 or more axes, got shape (2,)',
    'nn.utils.clip_grad_norm(model().parameters(), 1.0)': "did you mean 'clip_grad_norm_'",
    'nn.data.DataLoader(np.ones((3, 2)), batchsize=2)': "did you mean 'batch_size'",
    'nn.data.DataLoader(np.ones((3, 2)), batch_size=0)': 'BatchSampler: batch_size must be a positive integer, got 0',
    'nn.data.DataLoader(5)': 'DataLoader: dataset must have a length and samples by number, got int',
    'nn.data.TensorDataset(np.ones((3, 2)), np.ones(4))': 'TensorDataset: the first axes must be equally long, got shapes (3, 2), (4,)',
    'Foward()(x())': "Foward defines no forward(), so it cannot be called; it defines foward: write forward",
    'Inti()(x())': "has no attribute 'layer'; it defines __inti__: write __init__",
    'Inti(3)': "Inti: it takes no arguments, got [3]; it defines __inti__: write __init__",
    'model().parameters()[0]': 'write list(model.parameters())[0]',
    'len(model().parameters())': 'write len(list(model.parameters()))',
    'cnn().children()[-1]': 'write list(model.children())[-1]',
    'model().named_parameters()["weight"]': "write list(model.named_parameters())['weight']",
    'ag.max(x(), dims=1)': "max() got an unexpected keyword argument 'dims'; did you mean 'axis'?",
    'x().std(axs=1)': "did you mean 'axis'?",
    'ag.func.functional_call(model(), {}, x())': 'model.load_state_dict(parameters)',
    'copy.deepcopy(x() * 2)': 'for a plot t.detach().numpy()',
    'viz.conv(img(), nn.Conv2d(3, 4, 3).weight)': 'viz.conv(weight, x)',
    'doubled(x())': 'That code gets NumPy arrays, not tensors: leave .detach() out',
    'rectified(x())': 'write a function, such as autograd.relu(x)',
    'squared(x())': 'leave .data out',
    'square(x()).sum().backward()': 'leave .data out',
    'optim.SGD(0.1, model().parameters())': 'nn.optim.SGD(model.parameters(), lr=0.1)',
    'setattr(opt(), "lr", 0.5)': "SGD: lr is kept by group: opt.param_groups[0]['lr']",
    'opt().momentum': "SGD: momentum is kept by group",
    'optim.lr_scheduler.StepLR(opt())': "StepLR: missing a required argument: 'step_size'. It takes nn.optim.lr_scheduler.StepLR(",
    'optim.lr_scheduler.StepLR(opt(), steps=3)': "did you mean 'step_size'",
    'nn.train.fit(model(), x(), x())': "fit: missing a required argument: 'epochs'. It takes nn.train.fit(model, optimizer,",
    'F.cross_entropy(np.array([0, 1]), x())': 'the scores come first, then the classes',
    'F.cross_entropy(x().argmax(1), np.array([0, 1]))': 'give the scores of all classes, not their argmax',
    'setattr(model(), "requires_grad", False)': 'write model.requires_grad_(False)',
    'setattr(model(), "training", "no")': "Linear.training must be True or False, got 'no'",
    'nn.data.DataLoader((np.ones((4, 3)), np.ones(4)), 2)': 'nn.data.TensorDataset(x, y)',
    'ag.no_grad.__class__.__enter__(ag.no_grad)': 'it has to be called: with no_grad():',
    'x().argmax(1).sum().backward()': 'detach(), integers, a comparison, argmax',
    'x().sum(0, 1)': 'several axes come in a tuple: write axis=(0, 1)',
    'x().mean(0, 1)': 'several axes come in a tuple: write axis=(0, 1)',
    'ag.randn(2, 3, dtype=int)': 'autograd.randint(low, high, size)',
    'F.linear(x(), model())': 'call it: layer(x), or give its layer.weight',
    'x() + x().sum': 'call it: ',
    'nn.utils.clip_grad_norm_(model().parameters, 1.0)': 'call it: parameters()',
}  # fmt: skip


@pytest.mark.parametrize("slip", SLIPS)
def test_a_slip_is_told_what_would_be_right(slip):
    with warnings.catch_warnings(), pytest.raises(Exception) as told:
        warnings.simplefilter("ignore")
        eval(slip, NAMES)
    assert SLIPS[slip] in str(told.value)
    assert isinstance(told.value, (ValueError, TypeError, IndexError, RuntimeError, AttributeError))
    assert "0x" not in str(told.value)


class InForward(nn.Module):
    def forward(self, x):
        return nn.Linear(3, 2)(x)


class Lazily(nn.Module):
    """Builds its layer at the first call, and keeps it: no mistake."""

    layer = None

    def forward(self, x):
        if self.layer is None:
            self.layer = nn.Sequential(nn.Linear(3, 2))
        return self.layer(nn.Dropout(0.5)(x))


class Unregistered(nn.Module):
    def __init__(self):
        super().__init__()
        self.linear = model()
        self.w = ag.ones((2, 3), requires_grad=True)

    def train_twice(self):
        optimizer = optim.SGD(self.parameters(), lr=0.1)
        for _ in range(2):
            optimizer.zero_grad()
            self.linear(self.w).sum().backward()
            optimizer.step()


def steps(*after):
    """An optimizer's loop that does these between two passes."""
    net, kept = model(), []
    optimizer = optim.SGD(net.parameters(), lr=0.1)
    do = {
        "backward": lambda: net(x()).sum().backward(),
        "forward": lambda: kept.append(net(x()).sum()),
        "zero": optimizer.zero_grad,
        "step": optimizer.step,
    }
    for each in " ".join(after).split():
        do[each]()


NAMES |= {"InForward": InForward, "Unregistered": Unregistered, "Lazily": Lazily, "steps": steps}

ODD = {
    'F.cross_entropy(F.softmax(x(), dim=1), [0, 1])': 'cross_entropy takes scores and does softmax itself',
    'nn.CrossEntropyLoss()(nn.Softmax(1)(x()), [0, 1])': 'does softmax itself: leave it out',
    'F.nll_loss(F.softmax(x(), dim=1), [0, 1])': 'takes its logarithm: write log_softmax',
    'F.binary_cross_entropy_with_logits(F.sigmoid(x()), np.ones((2, 3), np.float32))': 'does sigmoid itself',
    'InForward()(x())': 'Linear is built inside of forward(): it has new weights at every call',
    'Unregistered().train_twice()': 'Unregistered.w is a tensor that requires a gradient, but no parameter',
    'steps("forward step", "forward step", "step")': 'no parameter has a gradient, so nothing moves; call loss.backward() before',
    'steps("backward step", "backward step")': 'call zero_grad() before backward()',
    'steps("backward step", "backward backward step")': 'the gradients of the last step are still there',
}  # fmt: skip


@pytest.mark.parametrize("slip", ODD)
def test_what_is_surely_a_slip_is_warned_of(slip):
    with pytest.warns(UserWarning) as heard:
        eval(slip, NAMES)
    assert [ODD[slip] in str(each.message) for each in heard] == [True]


@pytest.mark.parametrize(
    "right",
    [
        'F.cross_entropy(F.log_softmax(x(), dim=1), [0, 1])', 'F.nll_loss(F.log_softmax(x(), 1), [0, 1])',
        'F.cross_entropy(x(), F.softmax(x(), dim=1).detach())', 'Lazily()(x())', 'InForward().eval()',
        'steps("backward step zero", "backward step")', 'steps("backward", "backward step", "zero")',
        'steps("zero backward step", "zero", "backward step zero", "backward backward step")',
        'nn.data.DataLoader((1, 2, 3))', 'nn.data.DataLoader([np.ones(3), np.ones(3)])',
        'setattr(model(), "w", x() * 2)', 'setattr(model(), "training", False)',
    ],
)  # fmt: skip
def test_what_may_well_be_meant_is_not_warned_of(right):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        eval(right, NAMES)


def test_data_sets_loaders_and_schedules_show_what_they_hold():
    data = nn.data.TensorDataset(np.ones((6, 3)))
    assert repr(data) == "TensorDataset of 6 samples"
    loader = nn.data.DataLoader(data, 4)
    assert repr(loader) == "DataLoader(TensorDataset of 6 samples): 2 batches an epoch, epoch 0"
    schedule = optim.lr_scheduler.StepLR(opt(), 3)
    assert repr(schedule) == "StepLR of SGD, epoch 0: lr 0.1"
    assert repr(nn.data.SequentialSampler(data)) == "SequentialSampler of 6, epoch 0"


def test_a_property_that_fails_says_so_itself():
    class Odd(ag.Tensor):
        @property
        def half(self):
            raise AttributeError("half of nothing")

    with pytest.raises(AttributeError, match="half of nothing"):
        _ = Odd(1.0).half
    assert not hasattr(x(), "__array_interface__") and not hasattr(x(), "halves")


def test_a_misfit_inside_a_model_names_the_layer():
    with pytest.raises(ValueError) as told:
        cnn()(img())
    assert any("3" in note and "Linear" in note for note in told.value.__notes__)


class NoReturn(nn.Module):
    def forward(self, x):
        x * 2.0  # noqa: B018


class NoSelf(nn.Module):
    def forward(x):  # noqa: N805
        return x


def test_a_forward_that_gives_nothing_is_heard_of():
    with pytest.warns(UserWarning, match=r"NoReturn.forward\(\) gave None; does it lack a return"):
        NoReturn()(x())


def test_a_forward_without_self_is_told_so():
    with pytest.raises(TypeError) as told:
        NoSelf()(x())
    assert "forward's first parameter is x: write def forward(self, x)" in told.value.__notes__
    with pytest.raises(TypeError) as told:
        model()(x(), x())
    assert not any("first parameter" in note for note in told.value.__notes__)


@pytest.mark.parametrize(
    ("slip", "path"),
    [("cnn()(img()[0])", "3: Linear"), ("Nested()(img()[0])", "head.1: Linear"),
     ("Nested()(img())", "head.1: Linear")],
)  # fmt: skip
def test_a_forgotten_batch_axis_names_the_module(slip, path):
    with pytest.raises(ValueError, match="linear: ") as told:
        eval(slip, NAMES)
    assert any(f"in the module {path}" in note for note in told.value.__notes__)


def test_files_are_not_written_into_folders_that_are_not_there(tmp_path):
    with pytest.raises(FileNotFoundError, match="no such folder.*nowhere"):
        nn.save(model().state_dict(), tmp_path / "nowhere" / "a.npz")


def test_names_of_other_libraries_are_known():
    assert ag.arguments.nearest("Dense", dir(nn)) == "; did you mean 'Linear'?"
    assert ag.arguments.nearest("Dense", ["Bilinear"]) == ""
    assert ag.arguments.nearest("pad", ["padding_mode", "padding"]) == "; did you mean 'padding'?"
    assert ag.arguments.nearest("xy", ["xyz"]) == "; did you mean 'xyz'?"
