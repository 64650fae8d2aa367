"""The device fleet: segment counts over HTTP, collected snapshot by snapshot."""
