"""All cases, of all operations."""

from contract import of_apis, of_keys, of_methods, of_names, of_parts, of_stages

CASES = [case for group in (of_keys, of_apis, of_methods, of_parts, of_stages, of_names) for case in group.CASES]
