"""Speed: generators for the sizes, measurements against the budgets of DESIGN.md, a table and a JSON file."""
