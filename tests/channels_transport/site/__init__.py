"""A small Channels 1.x site, as any team would have it, on the transport: it has no chat in it."""
