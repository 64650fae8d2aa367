"""REST: the routes of the original runs API, the rest under ``/api/v1``, health and Prometheus."""
