"""Plans of three invented villages: base year, control lines, schemes, and how far they went."""
