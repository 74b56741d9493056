"""What the mail server that takes our mail can carry."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Carrier:
    """Eight-bit text (8BITMIME), addresses beyond ASCII (SMTPUTF8), messages up to `size` bytes (SIZE; 0: any)."""

    eight_bit: bool = False
    utf8_addresses: bool = False
    size: int = 0


SEVEN_BITS = Carrier()
