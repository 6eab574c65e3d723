"""The alternatives, each written as an expert in it would write it. None of them is part of the product."""
