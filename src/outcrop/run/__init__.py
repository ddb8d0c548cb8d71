"""The only room that knows all parts: from a validated run file to a run folder, and from a bundle to new files."""
