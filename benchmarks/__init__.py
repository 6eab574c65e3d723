"""
Compare the chat with its usual alternatives, under one load on one machine.

The product must not import this package.
"""
