"""The studio: an HTTP API over the public Python code, and the page that uses it.

What lives here speaks HTTP: who may ask, how much, in what JSON. How songs are planned, written, checked and sung is
decided elsewhere, and nothing but the command line imports this folder. FastAPI is needed from `app` on.
"""
