"""Reading the store for pages and routes: named queries, memo by version, live hub, static cache."""
