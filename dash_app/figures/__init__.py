"""Figures: pure functions from records to plotly figures, one kind of chart a file."""
