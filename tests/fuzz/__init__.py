"""
Fuzzing: any input of a client is answered with a result or a refusal, never with a crash, a hang or a lost connection.

`targets.py` is the table of what is fuzzed. Every build replays the corpus of each target (`test_corpus.py`), and tries
random changes of these inputs (`test_mutations.py`). `bin/test --fuzz` searches for new inputs that reach new code
(`campaign.py`). The other tests send random requests, frames and queries to a whole site in this process.
"""
