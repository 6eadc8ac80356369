"""Tables of the tuning study: what is shown of each result, as CSV, JSON and Markdown."""
