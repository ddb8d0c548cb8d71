"""From predictions on held-out records to a verdict in words: baselines, intervals over groups, validity, findings."""
