"""The stateless front door: every contact becomes one message on Kafka."""
