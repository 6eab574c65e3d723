"""Random changes of the inputs in the corpus, for hypothesis. They reach deeper code than random bytes do."""

from hypothesis import strategies as st

from tests.fuzz.corpus_files import list_inputs
from tests.fuzz.target import Target

MOST_CHANGES = 5


@st.composite
def changed_inputs(draw, target: Target):
    """Return an input of the corpus with a few changes: tokens, bytes and parts of other inputs replace parts of it."""
    inputs = st.sampled_from([path.read_bytes() for path in list_inputs(target)])
    data = bytearray(draw(inputs))
    for _ in range(draw(st.integers(0, MOST_CHANGES))):
        position, length = draw(st.integers(0, len(data))), draw(st.sampled_from((0, 0, 1, 4, 30)))
        data[position : position + length] = draw(
            st.sampled_from(target.tokens or (b"",)) | st.binary(max_size=4) | _parts(inputs)
        )
    return bytes(data[: target.most_bytes])


@st.composite
def _parts(draw, inputs):
    data = draw(inputs)
    start = draw(st.integers(0, len(data)))
    return data[start : start + draw(st.integers(0, 40))]
