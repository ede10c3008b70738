"""What an argument may be begins and ends where the table says, and who refuses it names it.

One number is taken at a time and put into a call that is sound: just outside of its bounds it is
refused in words that begin with function and argument, at its bounds it is not.
"""

import inspect
import math
import re
import warnings

import numpy as np
import pytest

import nn
from nn import modules
from nn.optim import lr_scheduler
from tests import calls
from tests.nn.test_bad_arguments import OPTIMIZERS, SCHEDULES, parameter, sgd
from tests.nn.test_bad_input import arguments_of

TRIED = (-1, 0, 1, -1e-3, 0.0, 1.0, 1.001, math.inf, -math.inf, math.nan)


def whole(low=-math.inf):
    return lambda v: isinstance(v, int) and v >= low


def real(low="(-inf", high="inf)"):
    """An interval: ``[0`` or ``1]`` belongs to it, ``(0`` or ``1)`` does not."""
    bottom, top = float(low[1:]), float(high[:-1])

    def inside(v):
        above = v >= bottom if low[0] == "[" else v > bottom
        return above and (v <= top if high[-1] == "]" else v < top)

    return inside


COUNT, SIZE, WHOLE = whole(1), whole(0), whole()
NUMBER, FINITE = lambda v: v == v, real()
NOT_NEGATIVE, POSITIVE, PART = real("[0"), real("(0"), real("[0", "1]")
FROM_0, ABOVE_0, NOT_0 = real("[0", "inf]"), real("(0", "inf]"), lambda v: v == v and v != 0
OPTIMIZER = "|".join(OPTIMIZERS)

#: What is taken, by patterns for function and argument; the first that fits counts.
BOUNDS = [
    (r"(Adaptive|adaptive_).* output_size", SIZE),
    (r"Fold output_size", COUNT),
    (r"(Lazy)?ConvTranspose\dd output_padding", lambda v: v == 0 and isinstance(v, int)),  # stride 1
    (r"one_hot num_classes", lambda v: isinstance(v, int) and (v == -1 or v >= 1)),
    (r"(pad|scaled_dot_product_attention|ConstantPad\dd) value", lambda v: True),
    (r"(hardshrink|Hardshrink) lambd", NUMBER),
    (r".*Pad\dd padding", WHOLE),
    (rf"({OPTIMIZER}|ReduceLROnPlateau) eps", NOT_NEGATIVE),
    (r"(gaussian_nll_loss|GaussianNLLLoss) eps", ABOVE_0),
    (r"(.*_norm|.*Norm(\dd)?|poisson_nll_loss|PoissonNLLLoss) eps", FROM_0),
    (r"(lp_pool|LPPool)\dd norm_type", NOT_0),
    (r"(smooth_l1_loss|SmoothL1Loss) beta", FROM_0),
    (r"(softplus|Softplus) beta|(celu|CELU) alpha", NOT_0),
    (r"(triplet|Triplet).* margin", ABOVE_0),
    (r"(multi_margin_loss|MultiMarginLoss) p", lambda v: v in (1, 2) and isinstance(v, int)),
    (r"(normalize|pairwise_distance|PairwiseDistance|triplet.*|Triplet.*) p", NUMBER),
    (r"RMSprop alpha|SGD dampening", PART),
    (r"(SGD|RMSprop) momentum", NOT_NEGATIVE),
    (r"ConstantLR factor|LinearLR start_factor", real("(0", "1]")),
    (r"ReduceLROnPlateau factor", real("[0", "1)")),
    (r"ReduceLROnPlateau threshold", NOT_NEGATIVE),
    (r"(StepLR|CosineAnnealingLR|\w+LR) (step_size|T_max|total_iters)", lambda v: v == 1),
    (r"CyclicLR step_size_up|OneCycleLR (final_)?div_factor", POSITIVE),
    (r"CyclicLR step_size_down", NOT_NEGATIVE),
    (r".* divisor_override", lambda v: isinstance(v, int) and v != 0),
    (r".* (T_0|T_mult|d_model|dilation|dim_feedforward|(down|up)scale_factor|embed(ding)?_dim|"
     r"groups|hidden_size|in[12]?_features|in_channels|input_size|kdim|kernel_size|nhead|num_\w+|"
     r"out_channels|out_features|size|stride|vdim)", COUNT),
    (r".* (cooldown|output_padding|padding|patience|proj_size|blank)", SIZE),
    (r".* (dim|end_dim|start_dim|ignore_index)", WHOLE),
    (r".* (eta_min|gamma|initial_accumulator_value|lr|lr_decay|min_lr|momentum_decay|power|std|"
     r"base_lr|max_lr|(base|max)_momentum|weight_decay)", NOT_NEGATIVE),
    (r".* (dropout|dropout_p|label_smoothing|p|pct_start|rho|end_factor)", PART),
    (r".* (gain|mean|val)", FINITE),
    (r".* (layer_norm_eps|lambd|var)", FROM_0),
    (r".* (delta|tau)", ABOVE_0),
    (r".* (max_norm|norm_type|threshold|value|negative_slope|scale|init|k|alpha|beta|eps|margin|"
     r"momentum)", NUMBER),
]  # fmt: skip


def callables():
    """Name, a function of keywords, and the names of its arguments."""
    for full, function, sound in calls.EVERY:
        if full.startswith("nn."):
            sound = calls.tensors_in(sound)
            yield (
                full.rpartition(".")[2],
                lambda f=function, s=sound, **k: calls.call(f, {**s, **k}),
                list(sound),
            )
    for name in modules.__all__:
        layer = getattr(nn, name)
        names, needed = arguments_of(layer)
        yield name, lambda f=layer, s=needed, **k: f(**{**s, **k}), names
    for name in OPTIMIZERS:
        make = getattr(nn.optim, name)
        yield name, lambda f=make, **k: f([parameter()], **k).step(), keywords(make)
    for name, needed in SCHEDULES.items():
        make = getattr(lr_scheduler, name)
        yield name, lambda f=make, s=needed, **k: f(sgd(), **{**s, **k}), keywords(make)
    for name in nn.init.__all__:
        if name.endswith("_"):
            fill = getattr(nn.init, name)
            weight = nn.Parameter(np.ones((2, 2, 2) if name == "dirac_" else (4, 4)))
            needed = {"val": 0.5} if name == "constant_" else {}
            needed = {"sparsity": 0.5} if name == "sparse_" else needed
            yield name, lambda f=fill, w=weight, s=needed, **k: f(w, **{**s, **k}), keywords(fill)


def keywords(function):
    return list(inspect.signature(function).parameters)[1:]


CASES = [pytest.param(*case, id=case[0]) for case in callables()]


def refusal(call, **given):
    """What is said of it, or nothing."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            call(**given)
        except (TypeError, ValueError, IndexError, RuntimeError) as error:
            return str(error)
    return ""


@pytest.mark.parametrize(("who", "call", "names"), CASES)
def test_numbers_are_taken_up_to_their_bounds(who, call, names):
    for name in names:
        inside = next((k for p, k in BOUNDS if re.fullmatch(p, f"{who} {name}")), None)
        for value in TRIED if inside else ():
            refused = refusal(call, **{name: value}).startswith(f"{who}: {name} ")
            assert refused != inside(value), f"{name}={value}"


#: Of what is decided by other arguments, or handed on, whoever takes it speaks.
ELSEWHERE = {
    "relu input", "linear input", "linear weight", "pad input", "pad value", "pixel_shuffle input",
    "pixel_unshuffle input", "channel_shuffle input", "OneCycleLR epochs",
    "OneCycleLR steps_per_epoch", "pool who",
    *(f"dropout{n} {name}" for n in ("", "1d", "2d", "3d") for name in ("inplace", "generator")),
    *(f"{kind}alpha_dropout inplace" for kind in ("", "feature_")),
    *(f"LazyConv{kind}{n}d generator" for kind in ("", "Transpose") for n in (1, 2, 3)),
    "LazyLinear generator", *(f"kaiming_{k} {n}" for k in ("normal_", "uniform_")
                              for n in ("a", "nonlinearity", "generator")),
    "xavier_normal_ generator", "xavier_uniform_ generator",
}  # fmt: skip


@pytest.mark.parametrize(("who", "call", "names"), CASES)
def test_what_no_argument_can_be_is_refused_by_its_name(who, call, names):
    for name in names:
        if f"{who} {name}" not in ELSEWHERE:
            said = refusal(call, **{name: object()})
            assert re.match(rf"{who}: (.* )?{name}\b", said), f"{name}: {said}"
