"""The run file: typed sections, validated as a whole before anything is computed."""
