"""Accounts, roles and the one policy: who may do what, and where."""
