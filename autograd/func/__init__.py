"""Functions of functions: gradients of functions, and checks of gradients."""

from autograd.each_time import each_time
from autograd.func import saved_tensors as saved_tensors
from autograd.func.checkpoint import checkpoint
from autograd.func.function import Function
from autograd.func.mapping import jacfwd, jacrev, vmap
from autograd.func.replaying.recording import ReplayError
from autograd.func.replaying.replay import Replay, replay
from autograd.func.transforms import grad, hessian, hvp, jacobian, jvp, value_and_grad, vjp
from autograd.gradcheck.check import GradcheckError, gradcheck, gradgradcheck
from autograd.gradcheck.compare import Comparison, compare

__all__ = [
    "Comparison",
    "Function",
    "GradcheckError",
    "Replay",
    "ReplayError",
    "checkpoint",
    "compare",
    "each_time",
    "grad",
    "gradcheck",
    "gradgradcheck",
    "hessian",
    "hvp",
    "jacfwd",
    "jacobian",
    "jacrev",
    "jvp",
    "replay",
    "value_and_grad",
    "vjp",
    "vmap",
]


#: What to write instead of what PyTorch and JAX have in this place.
_INSTEAD = {
    "functional_call": "write model.load_state_dict(parameters), then model(x)",
    "linearize": "write autograd.func.jvp(f, x, v)",
    "stack_module_state": "write [m.state_dict() for m in models]",
    "checkpoint_sequential": "write autograd.func.checkpoint(layer, x) for each layer",
}


def __getattr__(name: str) -> object:
    from autograd.arguments import nearest

    hint = f"; {_INSTEAD[name]}" if name in _INSTEAD else nearest(name, __all__)
    raise AttributeError(f"module 'autograd.func' has no attribute {name!r}{hint}")
