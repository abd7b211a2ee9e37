"""What finds signals in complaints as data (lexicon/, weights.npz), and the commands that learn and measure it."""
