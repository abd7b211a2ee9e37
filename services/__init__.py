"""The services of Redress; they meet only on Kafka."""
