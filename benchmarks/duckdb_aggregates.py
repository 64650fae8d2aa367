"""The kernel's metrics as DuckDB aggregates: the same set on both sides."""

QUANTILES = (0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99)


def quoted(name: str) -> str:
    """A column name as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def moments(name: str) -> str:
    """Count, nulls and moments of a numeric column."""
    c = quoted(name)
    return (
        f"count(*), count({c}), avg({c}), stddev_samp({c}), min({c}), max({c}), "
        f"skewness({c}), kurtosis({c}), sum({c})"
    )


def full(name: str, kind: str) -> str:
    """Everything the kernel knows that DuckDB can tell, by the column's kind."""
    c = quoted(name)
    if kind == "string":
        return (
            f"count(*), count({c}), min({c}), max({c}), min(length({c})), max(length({c})), "
            f"avg(length({c})), stddev_samp(length({c})), approx_count_distinct({c}), "
            f"count(*) FILTER ({c} = '')"
        )
    levels = "[" + ", ".join(map(str, QUANTILES)) + "]"
    if kind == "time":
        extremes = f"count(*), count({c}), min({c}), max({c})"
        return f"{extremes}, approx_quantile({c}, {levels}), approx_count_distinct({c})"
    return f"{moments(name)}, approx_quantile({c}, {levels}), approx_count_distinct({c})"
