"""HTTP as services offer it.

The promise: a body is read within bounds of size and time and says one thing only; every refusal, foreseen or not, is
a problem document that names what would be right and never repeats what was given.

`body.py`: reads the body of a request, so much of it and for so long.
`strict_json.py`: reads JSON and refuses by name what two readers could take in two ways.
`problems.py`: refusals as problem documents (RFC 9457), and the answer to a fault of ours.
`tokens.py`: signed tokens: who is asking.
`openapi.py`: what the framework cannot find out of a service's interface for its OpenAPI document.
"""
