"""Only what pyproject.toml cannot say: the cffi kernel, and a clear line when no compiler is there."""

import hashlib
import os
import shutil
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from setuptools import Extension, setup
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

    def build_extension(self, ext: Extension) -> None:
        """Compile on every core, and only what is older than its source, a header or how it is built."""
        compile_all = self.compiler.compile
        shared = max(
            Path(path).stat().st_mtime for path in (*ext.depends, __file__, "native/build_kernel.py")
        )

        def compile_one(source: str, output_dir: str, options: dict[str, Any]) -> str:
            [made] = self.compiler.object_filenames([source], output_dir=output_dir)
            newest = max(shared, Path(source).stat().st_mtime)
            if self.force or not Path(made).exists() or Path(made).stat().st_mtime < newest:
                # An object that a killed compiler leaves behind is no object.
                [whole] = compile_all([source], output_dir=f"{output_dir}/unfinished", **options)
                Path(made).parent.mkdir(parents=True, exist_ok=True)
                Path(whole).replace(made)
            return made

        def compile_each(sources: Sequence[str], output_dir: str, **options: Any) -> list[str]:
            # What is built by another compiler, or with other flags, has a folder of its own.
            commands = [getattr(self.compiler, name, None) for name in ("compiler_so", "compiler_so_cxx")]
            with_what = repr((commands, sorted(options.items())))
            folder = f"{output_dir}/{hashlib.sha256(with_what.encode()).hexdigest()[:12]}"
            with ThreadPoolExecutor(os.cpu_count()) as pool:
                return list(pool.map(lambda source: compile_one(source, folder, options), sources))

        self.compiler.compile = compile_each
        super().build_extension(ext)


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
