"""What goes in (account, readings, case) and what comes out (bill). Values only; no rule lives here."""
