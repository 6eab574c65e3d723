"""The alternatives to the chat, each written as its own experts write it. None of them is part of the product."""
