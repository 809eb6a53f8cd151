"""The site agent: a program on the site's PC between the devices there and the server. It knows no Django.

`python -m devices.edge --config site.toml`. See README.md in this folder.
"""
