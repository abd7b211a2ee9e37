"""Contracts: the same tests over every adapter, and over the house itself."""
