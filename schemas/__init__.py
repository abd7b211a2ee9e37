"""The shared vocabulary: messages, policy and directory as pydantic models."""
