"""The tables, the chart and the targets of a run of the benchmarks."""
