"""The common: what three services or more use, without a business word."""
