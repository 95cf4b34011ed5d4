"""Operation: the private database cluster, the parts that run side by side, and the commands behind `./run`."""
