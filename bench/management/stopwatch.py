"""Times the calls of a boto3 client by operation."""

import statistics
import time
from collections import defaultdict


class Stopwatch:
    """Stands for a boto3 client; what is called through it is timed, from the call to the parsed answer."""

    def __init__(self, client):
        self.client = client
        self.seconds = defaultdict(list)

    def __getattr__(self, method):
        call = getattr(self.client, method)
        operation = self.client.meta.method_to_api_mapping[method]

        def timed(**arguments):
            start = time.perf_counter()
            answer = call(**arguments)
            self.seconds[operation].append(time.perf_counter() - start)
            return answer

        return timed

    def median(self, operation):
        """In milliseconds."""
        return statistics.median(self.seconds[operation]) * 1000

    def p99(self, operation):
        """In milliseconds; the value that 99 % of the calls did not exceed."""
        taken = sorted(self.seconds[operation])
        return taken[-(-len(taken) * 99 // 100) - 1] * 1000
