"""The compiled kernel, as cffi shows it: see native/include/dqm_kernel.h."""

from typing import Any

#: cffi's view of the C types (an instance of `_cffi_backend.FFI`).
ffi: Any
#: The C functions, named as in the header.
lib: Any
