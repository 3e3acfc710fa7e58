"""Documents to print or to send: labels, ledgers, sheets."""
