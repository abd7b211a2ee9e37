"""One process: how it starts, waits, fails and ends, and what it shows of itself.

The promise: what is away is waited for and tried again in one way with one log line; what is wrong ends the process in
good order instead of leaving it half alive; logs, health and metrics carry no word of a record.

`application.py`: the web application around a service's work, with `/livez`, `/readyz` and `/metrics`.
`connections.py`: Kafka, store, publisher and consumer of a service, started in order and stopped in reverse.
`settings.py`: what every service reads from its environment.
`clock.py`: the only reader of clocks: business time, which can be scaled, and ticks, which never are.
`clock_skew.py`: how far our clock is apart from those of the broker and of the store.
`failures.py`: which failures are transient; `retry`, the only loop that tries again, and `backoff`.
`error_texts.py`: errors as text for an operator, a log or a dead letter.
`logs.py`: one event per line: JSON of a service, words of a command.
`metrics.py`: the metrics every service has.
`health.py`: what keeps a service from its work, part by part, for `/readyz`.
`watchdog.py`: ends a service whose consumer stands still; `progress.py` and `tasks.py` are what it looks at.
`bisection.py`: finds the items at fault among many, by halves.
`debounce.py`: builds something of announcements once these pause.
`files.py`: YAML files that people write, every mistake with its file, line and field.
"""
