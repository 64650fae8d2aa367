"""Crypto prices: the provider's client, what is made of its answers, and how they are kept."""
