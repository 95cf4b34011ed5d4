"""The shared calculation module: every amount of money in the product comes from here.

Pure: data in, data and findings out. No database, no web, nothing of the rest of the project.
"""
