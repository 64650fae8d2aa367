"""Telling people: an outbox beside the alerts, routes, messages, and deliveries through Apprise."""
