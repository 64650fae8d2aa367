"""Only what pyproject.toml cannot say: the cffi kernel, and a clear line when no compiler is there."""

import os
import shutil
import sys

from setuptools import setup
from setuptools.command.bdist_wheel import bdist_wheel
from setuptools.command.build_ext import build_ext


class BuildKernel(build_ext):
    """Build the C++ kernel, or say what to install."""

    def run(self) -> None:
        """Fail early with one line instead of pages of compiler noise."""
        compiler = os.environ.get("CXX", "g++").split()[0]
        if shutil.which(compiler) is None and shutil.which("clang++") is None:
            sys.exit(
                f"dqm: no C++17 compiler found ({compiler}). "
                "Install one: apt-get install g++ python3-dev (Debian) or xcode-select --install (macOS)."
            )
        super().run()


class AbiWheel(bdist_wheel):
    """The kernel uses the stable ABI: one wheel serves every CPython from 3.11 on."""

    def finalize_options(self) -> None:
        """Tag the wheel abi3."""
        self.py_limited_api = "cp311"
        super().finalize_options()


setup(
    cffi_modules=["native/build_kernel.py:ffibuilder"],
    cmdclass={"build_ext": BuildKernel, "bdist_wheel": AbiWheel},
)
