"""Tariffs as effective-dated data with two clocks, and the plans that the two executors price with."""
