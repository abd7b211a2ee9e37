"""Which requirements the tests show: `docs/requirements.yaml` held against the marks in the tests.

A mark names the requirements that a test shows and what the test dies with. `marks.py` collects the marks, `targets.py`
finds what they name and breaks it, `mutants.py` runs marked tests against what is broken, `__main__.py` reports.
"""
