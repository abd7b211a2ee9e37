"""What desk counts."""

from prometheus_client import Counter

SIGN_INS = Counter(
    "redress_sign_ins_total", "Attempts to sign in, by what came of them.", ["method", "outcome"]
)
