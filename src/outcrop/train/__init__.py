"""Training: the one loop (`loop.fit`) and what plugs into it; see README.md. Import the modules themselves."""
