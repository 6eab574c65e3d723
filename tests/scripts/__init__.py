"""Tests of the files at the top of the repository: scripts, locks, and the commands that the pages print."""
