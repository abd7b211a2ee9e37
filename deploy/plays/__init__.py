"""Plays: stories of cases, played against the real services while business time jumps.

A story (`story.py`) says who does what when, and what is then to be seen. The `stage.py` has the services and the clock,
`player.py` plays all stories at once, `picture.py` shows the way that each case went.
"""
