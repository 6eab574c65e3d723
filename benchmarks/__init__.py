"""The chat beside what people would pick instead: one load, one machine, one run. No part of the product imports it."""
