"""Works off recorded deliveries, each medium by itself."""
