"""The API: what programs and the console on this machine ask of the node, as HTTP with JSON (docs/how/api.md).

Everything an officer can ask is a verb (`tafadi.web.verbs.table`), and every verb of that table is here; what it takes and what it answers
is written down as OpenAPI 3.1 from the same code. Nothing else of the project knows FastAPI and pydantic.
"""
