"""What the server answers: one file for each thing that it is asked about."""
