"""The harness that makes weights: render, fit, calibrate, evaluate, export. Not part of the wheel."""
