"""Who may do what: users with roles and passwords, API tokens, and the record of what they did."""
