"""Arrow data of any library into the kernel, without a copy (Arrow PyCapsule interface)."""

import ctypes
from collections.abc import Callable
from typing import Any

from dqm_assets.errors import KernelError
from dqm_assets.quality._kernel import ffi, lib

_capsule_pointer = ctypes.pythonapi.PyCapsule_GetPointer
_capsule_pointer.restype = ctypes.c_void_p
_capsule_pointer.argtypes = [ctypes.py_object, ctypes.c_char_p]

#: Batches read between two reports of progress.
_BATCHES_PER_REPORT = 16
_NULL = ffi.NULL
_NAN = float("nan")
# Looked up once: parsing a type's name takes a microsecond.
_OPTIONS, _ERROR = ffi.typeof("dqm_options *"), ffi.typeof("dqm_error *")
_STREAM = ffi.typeof("struct ArrowArrayStream *")


def check(result: Any, error: Any, what: str) -> Any:
    """Return the kernel's result, or raise `KernelError` with its message when it failed (-1 or NULL)."""
    if result == -1 or result == _NULL:  # noqa: PLR1714 - a tuple would be made for every call
        raise KernelError(f"{what}: {ffi.string(error.message).decode(errors='replace')}")
    return result


def _capsule_of(data: Any) -> Any:
    """The Arrow C stream of `data`, in the capsule that keeps it alive.

    Raises `KernelError` when `data` has no Arrow interface.
    """
    if hasattr(data, "__arrow_c_stream__"):
        return data.__arrow_c_stream__()
    if hasattr(data, "__arrow_c_array__"):
        import pyarrow as pa  # noqa: PLC0415 - importing a profile stays cheap

        batch = pa.record_batch(data)
        return pa.RecordBatchReader.from_batches(batch.schema, [batch]).__arrow_c_stream__()
    raise KernelError(
        f"a {type(data).__name__} cannot be profiled: pass a pyarrow, polars, pandas or DuckDB table, "
        "or anything else with __arrow_c_stream__"
    )


def open_options(
    segment_by: str | None,
    threads: int | None,
    sketches: bool,
    limits: tuple[float | None, float | None],
    read_ahead: int = 0,
) -> tuple[Any, Any]:
    """The kernel's options, and what must stay alive as long as they do."""
    name = ffi.NULL if segment_by is None else ffi.new("char[]", segment_by.encode())
    lower, upper = (_NAN if limit is None else limit for limit in limits)
    return ffi.new(_OPTIONS, (threads or 0, sketches, name, lower, upper, read_ahead)), name


def run_profiler(data: Any, options: Any, progress: Callable[[int], None] | None) -> Any:
    """Read all of `data`; returns the finished profiler, closed with its last reference.

    `progress` is told the number of rows read so far, every few batches.
    Raises `KernelError` for types the kernel does not know and for streams that break off.
    """
    error = ffi.new(_ERROR)
    capsule = _capsule_of(data)
    stream = ffi.cast(_STREAM, _capsule_pointer(capsule, b"arrow_array_stream"))
    if progress is None:
        profiler = check(lib.dqm_profile_stream(stream, options, error), error, "the data cannot be profiled")
        return ffi.gc(profiler, lib.dqm_profiler_close)
    schema = ffi.new("struct ArrowSchema *")
    if stream.get_schema(stream, schema) != 0:
        raise KernelError("the Arrow stream gives no schema")
    profiler = lib.dqm_profiler_open(schema, options, error)
    schema.release(schema)
    profiler = ffi.gc(check(profiler, error, "the data cannot be profiled"), lib.dqm_profiler_close)
    while check(
        lib.dqm_profiler_consume(profiler, stream, _BATCHES_PER_REPORT, error),
        error,
        "the data cannot be read",
    ):
        progress(lib.dqm_profiler_rows(profiler))
    check(lib.dqm_profiler_finish(profiler, error), error, "the data cannot be profiled")
    progress(lib.dqm_profiler_rows(profiler))
    return profiler
