"""Plays: stories of cases, played against the real services while business time jumps.

A story (`story.py`) says who does what when, and what is then to be seen. The `stage.py` has the services of an
`environment.py` and a clock that jumps, `idle.py` says when nothing moves any more, and `player.py` plays all stories at once.
The `recorder.py` reads everything that goes over Kafka; from it `way.py` and `picture.py` show the way that each case went,
and `audit.py` compares the `evidence.py` of Kafka, store and servers.
"""
