"""Services as processes on the real stack."""
