"""Recording on and off: as a block, a statement, a decorator of every kind of function."""

import asyncio
import functools
import threading

import numpy as np
import pytest

import autograd as ag
from tests.interrupted import interrupted


def recording() -> bool:
    return ag.is_grad_enabled()


def test_a_statement_switches_until_the_next_one():
    ag.set_grad_enabled(False)
    try:
        assert not (ag.tensor(1.0, requires_grad=True) * 2).requires_grad
    finally:
        ag.set_grad_enabled(True)
    assert recording()


def test_a_block_gives_back_the_mode_from_before():
    with pytest.raises(KeyError), ag.set_grad_enabled(False):
        assert not recording()
        with ag.set_grad_enabled(True), ag.no_grad(), ag.enable_grad():
            assert recording()
        assert not recording()
        raise KeyError
    assert recording()


def test_a_switch_that_is_entered_again_gives_back_what_it_then_found():
    switch = ag.set_grad_enabled(False)
    with switch, ag.enable_grad(), switch:
        assert not recording()
    assert recording()
    with ag.no_grad():
        with switch:
            pass
        assert not recording()
    assert recording()


def test_a_decorator_switches_nothing_where_it_decorates():
    @ag.set_grad_enabled(False)
    def off():
        return recording()

    assert recording() and not off() and recording()


def test_a_switch_in_one_thread_is_none_in_another():
    seen = []
    ag.set_grad_enabled(False)
    try:
        thread = threading.Thread(target=lambda: seen.append(recording()))
        thread.start()
        thread.join()
        switch = ag.set_grad_enabled(False)

        def use():
            with switch:
                seen.append(recording())
            seen.append(recording())

        thread = threading.Thread(target=use)
        thread.start()
        thread.join()
    finally:
        ag.set_grad_enabled(True)
    assert seen == [True, False, True]


def test_a_generator_has_the_mode_while_its_own_body_runs():
    seen = []

    @ag.no_grad()
    def numbers():
        seen.append(recording())
        try:
            got = yield 1
            seen.append(recording())
            yield got
        finally:
            seen.append(recording())
        return "end"

    def whole():
        return (yield from numbers())

    items = whole()
    assert next(items) == 1 and recording()
    assert items.send("sent") == "sent" and recording()
    with pytest.raises(StopIteration) as stop:
        next(items)
    assert stop.value.value == "end" and seen == [False, False, False] and recording()


def test_a_generators_own_blocks_outlive_its_yields():
    @ag.no_grad
    def numbers():
        with ag.enable_grad():
            yield recording()
            yield recording()
        yield recording()

    with ag.no_grad():
        assert list(numbers()) == [True, True, False]
        assert not recording()


def test_errors_and_closing_reach_a_generators_body_in_its_mode():
    seen = []

    @ag.no_grad()
    def numbers():
        try:
            yield 1
        except KeyError:
            seen.append(recording())
        try:
            yield 2
        finally:
            seen.append(recording())

    items = numbers()
    next(items)
    assert items.throw(KeyError()) == 2
    items.close()
    assert seen == [False, False] and recording()


def test_coroutines_have_the_mode_between_awaits_only():
    seen = {}

    @ag.no_grad()
    async def quiet(name):
        for _ in range(3):
            seen.setdefault(name, []).append(recording())
            await asyncio.sleep(0)
        return name

    async def loud(name):
        for _ in range(3):
            seen.setdefault(name, []).append(recording())
            await asyncio.sleep(0)
        return name

    async def both():
        return await asyncio.gather(quiet("quiet"), loud("loud"), quiet("more"))

    assert asyncio.run(both()) == ["quiet", "loud", "more"]
    assert seen == {"quiet": [False] * 3, "loud": [True] * 3, "more": [False] * 3}
    assert asyncio.iscoroutinefunction(quiet) and recording()


def test_asynchronous_generators_have_the_mode_between_awaits_and_yields_only():
    inside, outside = [], []

    @ag.no_grad()
    async def numbers():
        try:
            for k in range(3):
                inside.append(recording())
                await asyncio.sleep(0)
                inside.append(recording())
                got = yield k
                assert got is None
        except KeyError:
            yield "caught"
        finally:
            inside.append(recording())

    async def use():
        async for k in numbers():
            outside.append((k, recording()))
        items = numbers()
        await items.asend(None)
        outside.append(await items.athrow(KeyError()))
        await items.aclose()

    asyncio.run(use())
    assert outside == [(0, True), (1, True), (2, True), "caught"]
    assert not any(inside) and len(inside) == 10 and recording()


def test_exceptions_leave_the_mode_as_it_was():
    @ag.no_grad()
    def plain():
        ag.set_grad_enabled(True)
        raise KeyError

    @ag.no_grad()
    def items():
        yield 1
        raise KeyError

    with ag.no_grad(), pytest.raises(KeyError):
        plain()
    with pytest.raises(KeyError):
        list(items())
    assert recording()


def test_methods_of_every_kind_are_decorated():
    class Model:
        @ag.no_grad()
        def method(self):
            return recording()

        @ag.no_grad()
        @staticmethod
        def static():
            return recording()

        @ag.no_grad
        @classmethod
        def of_class(cls):
            return cls is Model and recording()

        def __call__(self):
            yield recording()

    model = Model()
    assert not (model.method() or model.static() or model.of_class())
    assert list(ag.no_grad(model)()) == [False]
    assert list(ag.no_grad(functools.partial(Model.__call__, model))()) == [False]


@pytest.mark.parametrize("mode", [ag.no_grad, ag.enable_grad(), ag.set_grad_enabled(True)])
def test_what_is_no_function_is_refused(mode):
    for wrong in (int, 3, "name"):
        with pytest.raises(TypeError, match="decorates functions"):
            mode(wrong)


def test_a_tensor_made_in_a_decorated_generator_records_nothing():
    x = ag.tensor(np.ones(2), requires_grad=True)

    @ag.no_grad()
    def twice():
        yield x * 2

    assert not next(twice()).requires_grad


@pytest.mark.parametrize("mode", [ag.no_grad, ag.enable_grad])
def test_an_interrupt_before_a_block_has_begun_leaves_the_mode(mode):
    def enter():
        with mode():
            pass

    def is_leaving(frame):
        return frame.f_code.co_name == "__exit__" or bool(frame.f_back and is_leaving(frame.f_back))

    for outside in (True, False):
        came, at = True, 0
        while came:
            with ag.set_grad_enabled(outside):
                came = interrupted(enter, at, "core/modes.py", but=is_leaving, events=("line",))
                assert ag.is_grad_enabled() is outside
                at += 1
        assert at > 4


def test_the_path_of_the_modules_one_is_in():
    assert not ag.module_path()
    with ag.module_scope("net"):
        assert ag.module_path() == "net"
        with pytest.raises(ZeroDivisionError), ag.module_scope("conv1"):
            assert ag.module_path() == "net.conv1"
            _ = 1 / 0
        assert ag.module_path() == "net"
    assert not ag.module_path()
