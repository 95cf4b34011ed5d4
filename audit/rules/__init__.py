"""Detection rules (domain sheet 1.4): pure, vectorised over a county's partition. One rule = one function + one line.

Here live what a rule looks at (`partition`), what it answers (`detections`), the data filter that runs first
(`filters`), the rules by subject, and their registry. No thresholds: those are rows of the catalogue. No I/O.
"""
