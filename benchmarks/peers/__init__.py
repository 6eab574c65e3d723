"""The alternatives. Each is written as its own experts would write it. None of them is part of the product."""
