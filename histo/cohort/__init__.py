"""Many biopsies: the list of them, with patients, sites and labels."""
