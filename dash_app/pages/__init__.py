"""Pages: each lays itself out for an address and registers the callbacks that only it needs."""
