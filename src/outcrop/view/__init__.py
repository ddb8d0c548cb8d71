"""Records -> examples, and predictions -> records; the table of views is in `view.py`."""
