"""Inspections: what each location owes, what was done, what is wrong, who mends it by when."""
