"""Running the product on a machine: the private PostgreSQL cluster, the supervisor of processes, start-up checks."""
