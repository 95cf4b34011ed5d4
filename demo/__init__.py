"""The synthetic utility, its data files and the live simulator. Everything made here is marked as demo data."""
