"""The header Accept-Encoding: which encodings of a response a client accepts (RFC 9110, section 12.5.3)."""

ENCODINGS = ("br", "gzip")


def find_encodings(header: str) -> list[str]:
    """
    Return each of ENCODINGS whose weight (`q`) is not 0, and at least the weight of `identity`, the unencoded file.

    A client that refuses every encoding, and unencoded files too, gets an unencoded file.
    """
    weights = _read_weights(header)
    least = weights.get("identity", 0.0)
    others = weights.get("*", 0.0)
    found = {name: weights.get(name, weights.get(f"x-{name}", others)) for name in ENCODINGS}
    return [name for name, weight in found.items() if weight > 0 and weight >= least]


def _read_weights(header: str) -> dict[str, float]:
    weights = {}
    for item in header.lower().split(","):
        name, *parameters = (part.strip() for part in item.split(";"))
        weights[name] = _read_weight(parameters)
    return weights


def _read_weight(parameters: list[str]) -> float:
    """Return the weight of an encoding: 1 without the parameter `q`, and 0 if its value cannot be read."""
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "q":
            try:
                weight = float(value)
            except ValueError:
                return 0.0
            return weight if 0 <= weight <= 1 else 0.0
    return 1.0
