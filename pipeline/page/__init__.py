"""The page of results: a template, and the rows of the study that fill it."""
