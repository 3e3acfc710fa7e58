"""Routing over roads (pure): graph, travel times, paths with their turns, rounds."""
