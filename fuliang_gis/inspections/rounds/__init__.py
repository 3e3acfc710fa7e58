"""Rounds: who drives where on which day; plans made by ``routing``, kept and changed here."""
