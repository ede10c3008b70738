"""Takes the lesson along in the wheel: ``notebooks/`` becomes ``nn/lesson/notebooks``; see pyproject.toml."""

from pathlib import Path
from shutil import copyfile

from setuptools import setup
from setuptools.command.build_py import build_py

SOURCE = Path(__file__).parent / "notebooks"


class WithLesson(build_py):
    """Builds the packages, then copies notebooks and figures in; an editable install reads them in place."""

    def run(self):
        super().run()
        if self.editable_mode:
            return
        for path in [*SOURCE.glob("*.ipynb"), *SOURCE.glob("figures/*.svg")]:
            target = Path(self.build_lib, "nn", "lesson", "notebooks", path.relative_to(SOURCE))
            target.parent.mkdir(parents=True, exist_ok=True)
            copyfile(path, target)


setup(cmdclass={"build_py": WithLesson})
