"""What pathologists draw, in the files of any tool, as fibers, nuclei and areas of ours."""
