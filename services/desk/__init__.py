"""The people: accounts, sessions, and the tokens by which every service knows who is asking."""
