"""The layers and losses. What ``__all__`` lists here is offered by ``nn`` itself."""

__all__: list[str] = []
