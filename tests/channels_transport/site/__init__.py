"""A small Channels 1.x site on the transport, without the chat."""
