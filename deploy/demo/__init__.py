"""Redress as a newcomer meets it: labelled complaints, simulated people, and an audit of the outcome."""
