"""The site of `examples/leaving` before and after its move from Channels 1.1.8 to Channels 4, with real processes."""
