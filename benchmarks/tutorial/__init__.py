"""A chat as the Channels 1.x tutorial has it: what a transport is measured with, beside others of its kind."""
