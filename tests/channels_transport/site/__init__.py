"""A small Channels 1.x site on the transport. It has nothing to do with the chat."""
