"""A mailbox over IMAP: letters out, moves and copies in, and what people do there themselves."""
