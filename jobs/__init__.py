"""Background work: partitions and retention, risk chunks, later billing runs and scans."""
