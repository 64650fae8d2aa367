"""Builds the kernel's extension module `dqm_assets.quality._kernel` (cffi API mode, stable ABI)."""

import os
import re
from pathlib import Path

import cffi

FOLDER = Path("native")
NAMES = ("dqm_integers.h", "dqm_kernel.h", "dqm_series.h", "dqm_texts.h")
HEADERS = tuple(FOLDER / "include" / name for name in NAMES)
# No contraction into fused multiply-adds: every instruction set must round alike.
COMPILE = [
    "-std=c++17",
    "-O3",
    "-ffp-contract=off",
    "-fno-math-errno",
    "-fvisibility=hidden",
    "-pthread",
    "-Wno-psabi",  # wide vectors never cross a function that is not inlined
    "-Wno-uninitialized",  # GCC 12 says this of its own AVX-512 header
    "-Wno-maybe-uninitialized",
]


def declarations(header: Path) -> str:
    """The part of a C header that cffi reads: what stands between its cdef marks."""
    found = re.search(r"/\* cdef begin \*/(.*)/\* cdef end \*/", header.read_text(), re.DOTALL)
    if found is None:
        raise SystemExit(f"{header} has lost its cdef marks")
    return found.group(1)


ffibuilder = cffi.FFI()
for path in HEADERS:
    ffibuilder.cdef(declarations(path))
ffibuilder.set_source(
    "dqm_assets.quality._kernel",
    "\n".join(f'#include "{name}"' for name in NAMES),
    source_extension=".cpp",
    sources=sorted(str(path) for path in (FOLDER / "src").glob("*.cpp")),
    include_dirs=[str(FOLDER / "include"), str(FOLDER / "src")],
    depends=sorted(str(path) for path in FOLDER.rglob("*") if path.suffix in {".h", ".inc"}),
    extra_compile_args=[*COMPILE, *os.environ.get("DQM_KERNEL_FLAGS", "").split()],
    extra_link_args=["-pthread", *os.environ.get("DQM_KERNEL_LINK_FLAGS", "").split()],
)
