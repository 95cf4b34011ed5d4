"""Pure audit practice: catalogue, ticket workflow, deadlines, risk scores, performance figures. No I/O."""
