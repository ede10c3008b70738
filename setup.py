"""What pyproject.toml cannot say: the extension module, and the lesson that goes into the wheel.

The extension (``autograd/kernels/native``) is optional. Where it cannot be compiled, the packages are
installed without it and NumPy computes; with ``GLASSGRAD_BUILD_NATIVE=0`` it is left out on purpose,
which makes a wheel for every system (``py3-none-any``).

``notebooks/`` becomes ``nn/lesson/notebooks`` in the wheel; see pyproject.toml.
"""

import os
from pathlib import Path
from shutil import copyfile
from subprocess import run
from tempfile import TemporaryDirectory

from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext
from setuptools.command.build_py import build_py

HERE = Path(__file__).parent
NOTEBOOKS = HERE / "notebooks"
NATIVE = Path("autograd/kernels/native")

#: Kernels raise no floating-point exceptions that anybody waits for, and read no errno. Nothing here
#: lets the compiler reorder sums or forget NaN. Nor does it vectorise: what is to be vectors is written
#: so. From a loop of numbers it would make two, for arrays that lie apart and for others, and fuse
#: multiplications with additions in one of them alone: where arrays lie would tell in the last bit.
FLAGS = ["-std=gnu11", "-O3", "-fvisibility=hidden", "-g0"]

#: Of these, what the compiler knows: GCC's names, and Clang's for the same.
FLAGS_IF_KNOWN = [
    "-fno-math-errno", "-fno-trapping-math", "-Wno-psabi", "-fno-tree-vectorize", "-fno-tree-loop-distribution",
    "-fno-vectorize", "-fno-slp-vectorize",
]  # fmt: skip


class WithLesson(build_py):
    """Builds the packages, then copies notebooks and figures in; an editable install reads them in place."""

    def run(self):
        super().run()
        if self.editable_mode:
            return
        for path in [*NOTEBOOKS.glob("*.ipynb"), *NOTEBOOKS.glob("figures/*.svg")]:
            target = Path(self.build_lib, "nn", "lesson", "notebooks", path.relative_to(NOTEBOOKS))
            target.parent.mkdir(parents=True, exist_ok=True)
            copyfile(path, target)


class Parallel(build_ext):
    """Compiles the instruction sets side by side: each is the same source once more."""

    def build_extension(self, ext):
        from concurrent.futures import ThreadPoolExecutor

        ext.extra_compile_args += [flag for flag in FLAGS_IF_KNOWN if self.knows(flag)]
        serial = self.compiler.compile

        def compile(sources, *arguments, **options):
            with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
                parts = pool.map(lambda s: serial([s], *arguments, **options), sources)
                return [name for part in parts for name in part]

        self.compiler.compile = compile
        try:
            super().build_extension(ext)
        finally:
            self.compiler.compile = serial

    def knows(self, flag):
        """Whether the compiler takes a flag without an error and without a word."""
        if not hasattr(self.compiler, "compiler_so"):  # MSVC; it does not know our vectors either
            return False
        with TemporaryDirectory() as folder:
            source = Path(folder, "nothing.c")
            source.write_text("int nothing;\n")
            command = [
                *self.compiler.compiler_so,
                "-Werror",
                flag,
                "-c",
                "nothing.c",
                "-o",
                "nothing.o",
            ]
            try:
                return run(command, cwd=folder, capture_output=True, check=False).returncode == 0
            except OSError:  # no compiler at all
                return False


def extensions():
    """The extension module, unless it is not wanted or NumPy's headers are not there."""
    if os.environ.get("GLASSGRAD_BUILD_NATIVE", "1") == "0":
        return []
    try:
        import numpy
    except ImportError:
        return []
    found = [path.relative_to(HERE).as_posix() for path in sorted((HERE / NATIVE).iterdir())]
    extra = os.environ.get("GLASSGRAD_NATIVE_FLAGS", "").split()
    return [
        Extension(
            "autograd.kernels.native._native",
            [path for path in found if path.endswith(".c")],
            depends=[path for path in found if path.endswith((".h", ".inc"))],
            include_dirs=[numpy.get_include()],
            extra_compile_args=[*FLAGS, *extra],
            extra_link_args=extra,
            optional=True,
        )
    ]


setup(cmdclass={"build_py": WithLesson, "build_ext": Parallel}, ext_modules=extensions())
