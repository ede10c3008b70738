"""Names that PyTorch has and `nn` has not, each with the reason."""

_TYPES = "a name of Python's or of PyTorch's own machinery that its module happens to show"
_OLD = "given up by PyTorch itself: the name with an underscore behind it is here"
_HARDWARE = "for a GPU, or for numbers of fewer bits"
_RARE = "not written yet: rare in the models that were tried"
_IN_PLACE = "the function with inplace=True does it"
_INDICES = "the function with return_indices=True does it"
_STATE = "state dicts are plain dictionaries here: change what state_dict() gives, or is given"

MISSING = {
    "nn.Module": {
        **dict.fromkeys(["T_destination", "call_super_init", "dump_patches"], _TYPES),
        **dict.fromkeys(["bfloat16", "ipu", "mtia", "xpu"], _HARDWARE),
        "compile": "there is no compiler",
        "share_memory": "every process has its own memory",
        "to_empty": "parameters are always there",
        "register_backward_hook": "given up by PyTorch itself: register_full_backward_hook is here",
        **dict.fromkeys(["get_extra_state", "set_extra_state"], "a buffer keeps it"),
        **dict.fromkeys(
            ["register_load_state_dict_post_hook", "register_load_state_dict_pre_hook",
             "register_state_dict_post_hook", "register_state_dict_pre_hook"], _STATE),
    },
    "nn": {
        **dict.fromkeys(["common_types", "factory_kwargs", "attention", "grad"], _TYPES),
        **dict.fromkeys(["intrinsic", "qat", "quantizable", "quantized"], _HARDWARE),
        **dict.fromkeys(["Container", "NLLLoss2d"], "given up by PyTorch itself"),
        **dict.fromkeys(["RNNBase", "RNNCellBase"], "what RNN, LSTM and GRU share is private here"),
        **dict.fromkeys(["UninitializedBuffer", "UninitializedParameter"],
                        "lazy layers have no parameters before the first call"),
        "Buffer": "register_buffer does it",
        "DataParallel": _HARDWARE,
        "CrossMapLRN2d": "LocalResponseNorm; PyTorch's never takes channel 0 out of the sum again",
        "SyncBatchNorm": "nn.parallel.SyncBatchNorm",
        **dict.fromkeys(
            ["AdaptiveLogSoftmaxWithLoss", "FractionalMaxPool2d",
             "FractionalMaxPool3d", "LinearCrossEntropyLoss", "LinearCrossEntropyOptions"], _RARE),
    },
    "nn.functional": {
        **dict.fromkeys(
            ["BroadcastingList1", "BroadcastingList2", "BroadcastingList3", "Callable", "DType",
             "GRID_SAMPLE_INTERPOLATION_MODES", "GRID_SAMPLE_PADDING_MODES", "Optional",
             "ScalingType", "SwizzleType", "TYPE_CHECKING", "Tensor", "assert_int_or_pair",
             "boolean_dispatch", "dataclasses", "grad", "handle_torch_function",
             "has_torch_function", "has_torch_function_unary", "has_torch_function_variadic",
             "importlib", "math", "np", "reproducibility_notes", "sparse_support_notes",
             "tf32_notes", "torch", "warnings"], _TYPES),
        **dict.fromkeys(["grouped_mm", "scaled_grouped_mm", "scaled_mm"], _HARDWARE),
        **dict.fromkeys(["celu_", "elu_", "hardtanh_", "leaky_relu_", "relu_", "rrelu_", "selu_",
                         "threshold_"], _IN_PLACE),
        **dict.fromkeys(
            [f"{kind}max_pool{n}d_with_indices" for kind in ("", "adaptive_") for n in (1, 2, 3)],
            _INDICES),
        "multi_head_attention_forward": "nn.MultiheadAttention calls it",
        "native_channel_shuffle": "channel_shuffle",
        **dict.fromkeys(
            ["conv_tbc", "fractional_max_pool2d", "fractional_max_pool2d_with_indices",
             "fractional_max_pool3d", "fractional_max_pool3d_with_indices",
             "linear_cross_entropy"], _RARE),
        "pdist": "autograd.pdist",
    },
    "nn.utils": {
        **dict.fromkeys(["clip_grad", "convert_parameters", "fusion", "init", "memory_format"], _TYPES),
        "clip_grad_norm": _OLD,
        **dict.fromkeys(["convert_conv2d_weight_memory_format",
                         "convert_conv3d_weight_memory_format"],
                        "the memory's layout is the kernels' own affair"),
        "skip_init": "parameters are made once, and filled",
        **dict.fromkeys(["clip_grads_with_norm_", "fuse_conv_bn_eval", "fuse_conv_bn_weights",
                         "fuse_linear_bn_eval", "fuse_linear_bn_weights", "get_total_norm"], _RARE),
    },
    "nn.utils.parametrizations": {
        **dict.fromkeys(["Enum", "F", "Module", "Tensor", "auto", "parametrize", "torch"], _TYPES),
        "orthogonal": _RARE,
    },
    "nn.utils.parametrize": {
        **dict.fromkeys(
            ["Module", "ModuleDict", "ModuleList", "Parameter", "Sequence", "Tensor", "OpaqueBase",
             "collections", "contextmanager", "copy", "copyreg", "deepcopy",
             "is_opaque_reference_type", "is_traceable_wrapper_subclass", "get_swap_module_params_on_conversion", "torch"], _TYPES),
        "cached": "what is computed is computed at every reading",
        **dict.fromkeys(["transfer_parametrizations_and_params", "type_before_parametrizations"],
                        _RARE),
    },
    "nn.init": {
        **dict.fromkeys(["Literal", "ParamSpec", "torch", "warnings"], _TYPES),
        **dict.fromkeys(["constant", "dirac", "eye", "kaiming_normal", "kaiming_uniform", "normal",
                         "orthogonal", "sparse", "uniform", "xavier_normal", "xavier_uniform"], _OLD),
        "sparse_": _RARE,
    },
    "nn.optim": {
        **dict.fromkeys(["swap_in_optimizer_params_and_state"], _TYPES),
        "SparseAdam": "gradients are dense",
        **dict.fromkeys(["ASGD", "Adafactor", "Muon"], _RARE),
    },
    "nn.optim.Optimizer": {
        **dict.fromkeys(["OptimizerPostHook", "OptimizerPreHook", "profile_hook_step"], _TYPES),
        **dict.fromkeys(["register_load_state_dict_post_hook", "register_load_state_dict_pre_hook",
                         "register_state_dict_post_hook", "register_state_dict_pre_hook"], _STATE),
        **dict.fromkeys(["register_step_post_hook", "register_step_pre_hook"],
                        "the loop that calls step() is yours: write there what is to happen"),
    },
    "nn.optim.lr_scheduler": {
        **dict.fromkeys(["Counter", "EPOCH_DEPRECATION_WARNING", "Literal", "Self", "SupportsFloat",
                         "TYPE_CHECKING", "Tensor", "TypedDict", "bisect_right", "cast", "inf", "override",
                         "partial", "ref", "types", "warnings", "wraps"], _TYPES),
    },
}  # fmt: skip
