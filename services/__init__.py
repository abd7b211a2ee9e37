"""The rooms of Redress; they meet only on Kafka."""
