"""A cohort of phantom biopsies, sampled through a bundle's measured errors or rendered and read: what readings do."""
