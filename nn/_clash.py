"""The check of ``autograd/_clash.py`` for ``import nn``, which cannot rely on whose `autograd` comes."""


def refuse() -> None:
    """Raises ImportError when another `autograd` or `nn` meets ours; otherwise returns.

    Raises:
        ImportError: names the other distribution and the way out.
    """
    try:
        from autograd import _clash
    except ImportError as error:
        if error.name != "autograd" or "_clash" not in str(error):
            raise  # Our own refusal, or a fault of its own.
        import autograd

        raise ImportError(
            f"The imported `autograd` ({autograd.__file__}) is not glassgrad's but the distribution "
            "`autograd` (HIPS autograd). The two cannot share an environment: make a fresh one "
            "(python -m venv .venv) and install glassgrad there."
        ) from None
    _clash.refuse()
