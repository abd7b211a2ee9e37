"""Where routing's things rest: texts, open cases, what is announced, and the policies an operator wrote."""
