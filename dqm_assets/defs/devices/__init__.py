"""The device fleet: inventory, snapshots by segment, online share."""
