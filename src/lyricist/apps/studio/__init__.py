"""The studio: an HTTP API over the public Python code, and the page that uses it.

What lives here speaks HTTP: who may ask, how much, in what JSON. Planning, writing, checking and singing songs may
not live here, and only the command line imports this folder. FastAPI is needed from `app` on.
"""
