"""`python -m tools.check`: check every rule, print the violations, and exit with status 1 if there are any."""

from __future__ import annotations

import sys

from tools.check.rules import RULES


def main() -> int:
    """Print the violations of each rule and return the exit status."""
    found = {rule: rule() for rule in RULES}
    for rule, violations in found.items():
        if violations:
            print(f"{(rule.__doc__ or '').splitlines()[0]}\n" + "\n".join(f"  {line}" for line in violations))
    total = sum(map(len, found.values()))
    print(f"{total} violations of {len(RULES)} rules" if total else f"All {len(RULES)} rules hold.")
    return 1 if total else 0


if __name__ == "__main__":
    sys.exit(main())
