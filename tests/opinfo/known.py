"""What differs on purpose, and what has no counterpart here: each with the reason."""

_COMPLEX = "complex numbers: tensors are real here"
_FFT = "Fourier transforms, whose results are complex"
_MEMORY = "about memory and strides, or copies of views: the layout is the kernels' own affair"
_INTERNAL = "PyTorch's own machinery, reached through other functions"
_RARE = "not written yet: rare in the models that were tried"
_MASKED = "torch.masked is a prototype: write autograd.where(mask, x, 0).sum() and its like"
_BITS = "for counting and bits, without a gradient: NumPy's function of x.numpy()"
_SCIPY = "special functions that networks do not use, without gradients in PyTorch, too"
_FACTORS = "factors of LAPACK's to go on with: solve, inv, qr and cholesky are here"

#: Operators of PyTorch's data base that have no counterpart, with the reason.
MISSING: dict[str, str] = {
    **dict.fromkeys(
        "conj conj_physical resolve_conj resolve_neg view_as_real view_as_complex complex imag "
        "real isreal angle polar cdouble cfloat chalf linalg.eig linalg.eigvals".split(), _COMPLEX),
    **dict.fromkeys(
        "stft istft fft.fft fft.fft2 fft.fftn fft.hfft fft.hfft2 fft.hfftn fft.rfft fft.rfft2 "
        "fft.rfftn fft.ifft fft.ifft2 fft.ifftn fft.ihfft fft.ihfft2 fft.ihfftn fft.irfft "
        "fft.irfft2 fft.irfftn fft.fftshift fft.ifftshift".split(), _FFT),
    **dict.fromkeys(
        "as_strided as_strided/partial_views as_strided_copy as_strided_scatter expand_copy "
        "diagonal_copy alias_copy narrow_copy view_copy permute_copy split_with_sizes_copy "
        "unbind_copy unfold_copy squeeze_copy unsqueeze_copy transpose_copy t_copy unsafe_chunk "
        "unsafe_split new_empty_strided empty_strided empty_permuted resize_as_ to_sparse "
        "nonzero_static sum_to_size slice split_with_sizes bfloat16".split(), _MEMORY),
    **dict.fromkeys(
        "_softmax_backward_data native_group_norm native_layer_norm native_batch_norm "
        "_native_batch_norm_legit _batch_norm_with_update constant_pad_nd _upsample_bilinear2d_aa "
        "max_pool2d_with_indices_backward torch._scaled_mm_v2 torch._scaled_mm "
        "torch.ops.aten._safe_softmax.default torch.ops.aten._flash_attention_forward "
        "torch.ops.aten._efficient_attention_forward _unsafe_masked_index "
        "_unsafe_masked_index_put_accumulate _chunk_cat jiterator_unary jiterator_binary "
        "jiterator_4inputs_with_extra_args jiterator_binary_return_by_ref "
        "jiterator_2inputs_2outputs native_dropout_backward hash_tensor _segment_reduce/lengths "
        "_segment_reduce/offsets grid_sampler_2d grid_sampler_3d __rdiv__ broadcast_shapes "
        "nn.functional.multi_head_attention_forward".split(), _INTERNAL),
    "nn.functional.pdist": "autograd.pdist",
    **dict.fromkeys(
        "bitwise_left_shift bitwise_right_shift isin lcm gcd frexp nextafter unravel_index "
        "histogram histogramdd put".split(), _BITS),
    **dict.fromkeys(
        "index_reduce/mean index_reduce/prod index_reduce/amin index_reduce/amax "
        "sparse.sampled_addmm sparse.mm/reduce nn.functional.fractional_max_pool2d "
        "nn.functional.fractional_max_pool3d nn.functional.linear_cross_entropy "
        "nn.functional.linear_cross_entropy/chunked "
        "nn.functional.linear_cross_entropy/chunked_none svd_lowrank pca_lowrank "
        "linalg.vander linalg.householder_product i0 igamma igammac special.i0e special.i1 "
        "special.i1e special.zeta special.log_ndtr special.erfcx".split(), _RARE),
    **dict.fromkeys(
        "geqrf ormqr lu lu_unpack lu_solve triangular_solve linalg.cholesky_ex linalg.inv_ex "
        "linalg.solve_ex linalg.ldl_factor linalg.ldl_factor_ex linalg.ldl_solve "
        "linalg.lu_factor linalg.lu_factor_ex linalg.lu linalg.lu_solve".split(), _FACTORS),
    **dict.fromkeys(
        [f"signal.windows.{name}" for name in "hamming hann bartlett blackman cosine exponential "
         "gaussian kaiser general_cosine general_hamming nuttall".split()],
        "autograd.hann_window, hamming_window and blackman_window are here"),
    **dict.fromkeys(
        [f"special.{name}" for name in "airy_ai bessel_j0 bessel_j1 bessel_y0 bessel_y1 "
         "chebyshev_polynomial_t chebyshev_polynomial_u chebyshev_polynomial_v "
         "chebyshev_polynomial_w hermite_polynomial_h hermite_polynomial_he "
         "laguerre_polynomial_l legendre_polynomial_p modified_bessel_i0 modified_bessel_i1 "
         "modified_bessel_k0 modified_bessel_k1 scaled_modified_bessel_k0 "
         "scaled_modified_bessel_k1 shifted_chebyshev_polynomial_t "
         "shifted_chebyshev_polynomial_u shifted_chebyshev_polynomial_v "
         "shifted_chebyshev_polynomial_w spherical_bessel_j0".split()], _SCIPY),
    **dict.fromkeys(
        [f"masked.{name}" for name in "sum prod cumsum cumprod amax amin argmax argmin mean median "
         "norm var std softmax log_softmax softmin normalize logaddexp logsumexp".split()], _MASKED),
}  # fmt: skip


_TRIANGLE = "the gradient stands in the triangle that is read (README)"
_SHAPE = "a tensor keeps its shape: the in-place forms are refused"
_NUMPY_TIES = "which of several equal elements is named is open"
_WEIGHTS = "beta and alpha are not cut off to integers, sums of small integers not to few bits"
_GAUGE = "the signs of vectors, and vectors that complete a basis, are arbitrary"
_BROADCAST = "broadcasts, as NumPy's functions do"
_POSITIONAL = "positional arguments have NumPy's meaning; dim= PyTorch's"
_NEW_ROW = "indices that overlap: only the last value is there, so only it gets a gradient"
_FRACTION = "a fraction put among integers makes them floats; in place it is cut"
_ENDS = "0, or the limit, where PyTorch's formula gives NaN"
_NAN = "NaN stays NaN, as by NumPy"
_HALVES = "equal elements share the gradient, as of maximum and minimum"
_TARGET = "a target says which, not how much: one that requires a gradient is refused"

#: By operator: the kinds of verdict that are known, or "kind of dtype", each with the reason.
KNOWN: dict[str, dict[str, str]] = {
    **dict.fromkeys(
        "addmm addmv addbmm baddbmm addr add sub".split(),
        {"values": _WEIGHTS, "dtype": _WEIGHTS, "refuses": "a number that the dtype cannot hold"}),
    **dict.fromkeys(
        "squeeze unsqueeze t transpose resize_".split(), {"refuses": _SHAPE}),
    **dict.fromkeys("nn.functional.max_unpool1d nn.functional.max_unpool2d "
                    "nn.functional.max_unpool3d".split(), {"gradient": _NEW_ROW}),
    **dict.fromkeys("svd linalg.svd linalg.eigh".split(),
                    {"values": _GAUGE, "gradient": _GAUGE, "refuses a gradient": _GAUGE}),
    **dict.fromkeys("cholesky linalg.cholesky linalg.eigvalsh".split(), {"gradient": _TRIANGLE}),
    **dict.fromkeys("cholesky_inverse cholesky_solve".split(),
                    {"gradient": "the triangle that is not read has none; PyTorch's has"}),
    **dict.fromkeys("cumsum cumprod".split(),
                    {"values": "of a number NumPy's is a vector of one; dim= gives a number",
                     "refuses": "of a number, in place", "dtype": "NumPy's sums of small integers"}),
    **dict.fromkeys("all any".split(),
                    {"dtype of uint8": "bools, as NumPy's, where PyTorch's alone are uint8"}),
    "argsort": {"values of uint8": _NUMPY_TIES, "values of bool": _NUMPY_TIES},
    "cumulative_trapezoid": {
        "values of uint8": "the true ones: PyTorch's sums and differences wrap around"},
    "linalg.vector_norm": {"gradient of float16": "PyTorch's powers overflow, ours are float32"},
    "logcumsumexp": {"gradient of float32": "PyTorch's is off by 2e-3, ours by 1e-4"},
    "nn.functional.cosine_embedding_loss": {"refuses": _TARGET},
    "nn.functional.hinge_embedding_loss": {"refuses": _TARGET},
    "nn.functional.ctc_loss": {
        "gradient": "the true one, also for inputs that are no log-probabilities"},
    "nn.functional.group_norm": {"refuses": "an eps below 0"},
    "nn.functional.layer_norm": {"refuses": "an eps below 0"},
    "nn.functional.rms_norm": {"refuses": "an eps below 0"},
    "nn.functional.batch_norm": {"refuses": "an input (N,), without channels"},
    "nn.functional.feature_alpha_dropout": {"refuses": "an input (N,), without channels"},
    "nn.functional.multi_margin_loss": {"refuses": "a number, without an axis of classes"},
    "nn.functional.multilabel_margin_loss": {"refuses": "a number, without an axis of classes"},
    "nn.functional.celu": {"gradient": "PyTorch divides by alpha in float32: errors of 4e-8"},
    "nn.functional.hardsigmoid": {"gradient": "PyTorch's 1/6 is a float32"},
    "nn.functional.softmin": {"values": "PyTorch negates uint8 before it converts"},
    "nn.functional.max_pool1d": {"silent": "an empty plane gives an empty result"},
    "nn.functional.max_pool3d": {"silent": "an empty plane gives an empty result"},
    "linalg.norm/subgradients_at_zero": {"second derivative": "0, where PyTorch's is NaN"},
    "linalg.lstsq": {"values": "residuals, rank and singular values are NumPy's",
                     "outputs": "residuals, rank and singular values are NumPy's"},
    "linalg.solve": {"values": "NumPy reads b as matrices (README)"},
    "linalg.pinv/hermitian": {"gradient": _TRIANGLE},
    "linalg.cross": {"silent": "vectors of two, and broadcasting, as by NumPy"},
    "arange": {"values": "of whole numbers between fractions: NumPy's", "refuses": "bools"},
    "linspace": {"values": "of whole numbers: NumPy's"},
    "cat": {"refuses": "concatenate, NumPy's name, takes no empty vectors among matrices"},
    "clamp_max": {"silent": _BROADCAST},
    "clamp_min": {"silent": _BROADCAST},
    "cov": {"values": "weights of float32 are computed with in the dtype of x",
            "second derivative": "weights of float32 are computed with in the dtype of x"},
    "einsum": {"refuses": "'...' has to be in the result, as by NumPy"},
    "gather": {"refuses": "an empty index of another rank"},
    "heaviside": {"dtype": "of integers a float, as by NumPy", "values": _NAN},
    "histc": {"refuses": "more bins than memory"},
    "index_add": {"silent": _BROADCAST, "refuses of uint8": "a number that the dtype cannot hold"},
    "log_normal": {"silent": "a deviation of 0"},
    "masked_fill": {"silent": _BROADCAST},
    "max": {"refuses": _POSITIONAL},
    "mean": {"silent": "axis=() reduces nothing, and integers have a mean, as by NumPy"},
    "median": {"dtype": "the mean of the two in the middle (README)"},
    "nanmedian": {"dtype": "the mean of the two in the middle (README)"},
    "min": {"refuses": _POSITIONAL},
    "mode": {"values": _NUMPY_TIES},
    "kthvalue": {"values": _NUMPY_TIES},
    "topk": {"values": _NUMPY_TIES},
    "multinomial": {"silent": "counts are weights, too"},
    "scatter": {"silent": "the dtypes promote", "values of integers": _FRACTION,
                "values of uint8": _FRACTION, "values of bool": _FRACTION},
    **dict.fromkeys("atan2 copysign nn.functional.mish".split(), {"second derivative": _ENDS}),
    "hypot": {"gradient": _ENDS, "second derivative": _ENDS},
    **dict.fromkeys("fmax fmin".split(), {"gradient": _HALVES}),
    **dict.fromkeys("sign sgn".split(), {"values": _NAN}),
    **dict.fromkeys([f"polygamma/polygamma_n_{n}" for n in range(5)],
                    {"values": "0 at infinity, where PyTorch's is NaN"}),
    "index_copy": {"gradient": _NEW_ROW},
    "sinc": {"second derivative": "PyTorch's loses its digits, or is NaN, near 0"},
    "special.entr": {"gradient": "0 below 0, where it is constant; PyTorch's is NaN",
                     "second derivative": "0 below 0, and −∞ at −0"},
    "logspace": {"values of integers": "floats first, which are cut at the end"},
    "logspace/tensor_overload": {"values of integers": "floats first, which are cut at the end"},
    **dict.fromkeys("quantile nanquantile".split(),
                    {"refuses": "a gradient for q, but by linear interpolation"}),
    "nn.functional.margin_ranking_loss": {"refuses": _TARGET},
    "nn.functional.pad/constant": {"refuses": "a number that the dtype cannot hold"},
    "rsub": {"refuses": "a number that the dtype cannot hold"},
    "scatter_add": {"silent": "the dtypes promote"},
    "scatter_reduce/mean": {"values": "of integers a fraction", "dtype": "of integers a float",
                            "refuses of integers": "in place, for the same reason"},
    "__rpow__": {"refuses": "integers to negative powers"},
    "split": {"refuses": _POSITIONAL},
    "square": {"dtype": "bools stay bools"},
    "std": {"refuses": "dim= without correction= (README)"},
    "var": {"refuses": "dim= without correction= (README)"},
    "tensordot": {"refuses": "sizes of 1 are not spread over others"},
    "trace": {"silent": "of stacks, as by NumPy"},
}  # fmt: skip
