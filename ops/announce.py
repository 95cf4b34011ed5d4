"""What the demo prints when it stands: addresses, accounts, how to end it."""

from pathlib import Path

from rich.console import Console
from rich.table import Table

from ops.accounts import FILE, DemoAccess

MOST_ROWS = 30


def announce(address: str, access: DemoAccess | None, folder: Path, *, simulated: bool) -> None:
    """Print it. Without `access` the accounts of the first start are not known here any more."""
    console = Console(highlight=False, soft_wrap=True)
    console.print()
    console.print(f"gridaudit   {address}/", style="bold", markup=False)
    if access is None:
        console.print("The demo's accounts were printed at its first start; ./run demo --reset makes new ones.")
    else:
        console.print(f"Wall screen {address}/?kiosk=1&token={access.wall_token}", markup=False)
        console.print(_table(access))
        hidden = len(access.accounts) - MOST_ROWS
        more = f"{hidden} more accounts, and these again," if hidden > 0 else "They"
        console.print(f"{more} are kept in {folder / FILE}.", markup=False)
    if not simulated:
        console.print("The simulator is off: nothing moves.")
    console.print(f"Logs are in {folder / 'logs'}. Ctrl-C stops it.", markup=False)


def _table(access: DemoAccess) -> Table:
    table = Table(title="Accounts (demo data: made-up people)", title_justify="left", title_style="", box=None)
    for heading in ("sign-in", "password", "role", "unit"):
        table.add_column(heading, no_wrap=True)
    for account in access.accounts[:MOST_ROWS]:
        table.add_row(account.login, account.password, account.role, account.unit)
    return table
