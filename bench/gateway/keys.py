"""The keys of the scenario: 9,999 that may call often, and one that may call once a second."""

COUNT = 10_000
FREE = [f"bench-key-{index:05}-0123456789abcdef" for index in range(1, COUNT)]
SLOW = "bench-key-slow0-0123456789abcdef"
UNKNOWN = "bench-key-nobody-0123456789abcdef"
ALL = [*FREE, SLOW]
