"""The chat of the Channels 1.x tutorial, to measure a transport without the product."""
