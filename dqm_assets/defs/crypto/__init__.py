"""Crypto prices: the asset, its checks and its schedule."""
