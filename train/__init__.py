"""The harness that makes weights: render phantoms, fit, choose thresholds, evaluate, export a bundle. Not in the wheel."""
